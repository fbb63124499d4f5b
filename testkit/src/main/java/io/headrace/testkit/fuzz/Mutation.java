package io.headrace.testkit.fuzz;

/** A way to make a valid frame hostile. */
public enum Mutation {
    /** Ends early, at any byte. */
    TRUNCATE,
    /** Goes on with bytes that nobody announced. */
    EXTEND,
    /** Inverts a few bits anywhere. */
    FLIP_BITS,
    /** Replaces a stretch by random bytes. */
    SCRAMBLE,
    /** Puts a huge 32-bit or 16-bit length anywhere. */
    HUGE_LENGTH,
    /** Puts a negative 32-bit or 16-bit length anywhere. */
    NEGATIVE_LENGTH,
    /** Puts an unsigned varint of up to five bytes, most often beyond any sane length, anywhere. */
    VARINT_BOMB,
    /** Puts a varint that never ends anywhere. */
    ENDLESS_VARINT,
    /** Repeats a count of a million or more, as nested arrays would, over a stretch. */
    NESTED_COUNT_BOMB,
    /** Names an API that does not exist. */
    UNKNOWN_API_KEY,
    /** Names a version that does not exist. */
    UNKNOWN_API_VERSION,
    /** Breaks the CRC of a record batch; without a batch inside, four bytes somewhere. */
    WRONG_CRC,
    /** Says that a record batch holds another number of records or bytes. */
    WRONG_BATCH_HEADER,
    /** Puts a piece of the frame elsewhere in it. */
    REPEAT_PIECE,
    /** Takes a piece out. */
    REMOVE_PIECE
}
