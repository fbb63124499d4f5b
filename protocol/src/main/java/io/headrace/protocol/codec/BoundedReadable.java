package io.headrace.protocol.codec;

import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The bytes of a message, read with an account of the memory that the decoded message takes.
 *
 * <p>A few bytes on the wire can become many in memory: an empty string takes one, its object and
 * its place in a list over fifty. So every list, string and array is charged by an estimate of what
 * it becomes, before it is made, and a message that would become much larger than its frame is
 * refused. Real messages stay well below: a list of 32-bit numbers, the worst of them, is charged
 * twelve times its bytes.
 *
 * <p>The same for time: some lists are decoded into hash collections, see {@link HashedLists}.
 *
 * <p>Generated code asks how many bytes are left right after it has read the length of a list, and
 * nowhere else; that is where the list is charged.
 */
final class BoundedReadable extends ByteBufferAccessor {
    private static final int FREE_BYTES = 1 << 20;
    private static final int PER_REQUEST_BYTE = 16;
    private static final int PER_RESPONSE_BYTE = 32;

    /** What a request may take at most, beside its records, which are not copied. */
    private static final int MAX_REQUEST_BYTES = 48 << 20;

    /**
     * How many comparisons the hash collections of a message may take if all keys collide: half the
     * square of a list's length. One list of 20,000 fits.
     */
    private static final long MAX_COMPARISONS = 200_000_000L;

    /** As above, for what a message carries in a field of bytes: a list of 30,000 fits. */
    private static final long MAX_EMBEDDED_COMPARISONS = 450_000_000L;

    private static final int LIST_BYTES = 24;
    private static final int ELEMENT_BYTES = 48;
    private static final int STRING_BYTES = 48;
    private static final int ARRAY_BYTES = 16;
    private static final int BUFFER_BYTES = 64;

    private long leftBytes;
    private long leftComparisons;
    private int lastLength;

    private BoundedReadable(ByteBuffer bytes, long maxBytes, long maxComparisons) {
        super(bytes);
        this.leftBytes = maxBytes;
        this.leftComparisons = maxComparisons;
    }

    /** For a request of that type, whose sender nobody trusts. */
    static BoundedReadable request(ByteBuffer bytes, Class<? extends Message> type) {
        long allowed = FREE_BYTES + (long) PER_REQUEST_BYTE * bytes.remaining();
        return new BoundedReadable(
                bytes,
                Math.min(MAX_REQUEST_BYTES, allowed),
                HashedLists.in(type) ? MAX_COMPARISONS : Long.MAX_VALUE);
    }

    /** For what a message of that type holds in a field of bytes, or a log in a record. */
    static BoundedReadable embedded(ByteBuffer bytes, Class<? extends Message> type) {
        return new BoundedReadable(
                bytes,
                FREE_BYTES + (long) PER_RESPONSE_BYTE * bytes.remaining(),
                HashedLists.in(type) ? MAX_EMBEDDED_COMPARISONS : Long.MAX_VALUE);
    }

    /** For what a server answered. */
    static BoundedReadable response(ByteBuffer bytes) {
        return new BoundedReadable(
                bytes, FREE_BYTES + (long) PER_RESPONSE_BYTE * bytes.remaining(), Long.MAX_VALUE);
    }

    private void charge(long bytes) {
        leftBytes -= bytes;
        if (leftBytes < 0) {
            throw new IllegalStateException(
                    "It would take far more memory than it has bytes: send it in smaller parts");
        }
    }

    @Override
    public int readInt() {
        lastLength = super.readInt();
        return lastLength;
    }

    @Override
    public int readUnsignedVarint() {
        int value = super.readUnsignedVarint();
        lastLength = value - 1; // lengths of compact lists are sent plus one
        return value;
    }

    @Override
    public int remaining() {
        int left = super.remaining();
        if (lastLength >= 0 && lastLength <= left) {
            charge(LIST_BYTES + (long) ELEMENT_BYTES * lastLength);
            leftComparisons -= (long) lastLength * lastLength / 2;
            if (leftComparisons < 0) {
                throw new IllegalStateException(
                        "A list of " + lastLength + " is too long here: send it in parts");
            }
        }
        return left;
    }

    @Override
    public byte[] readArray(int length) {
        charge(ARRAY_BYTES + (long) Math.max(length, 0));
        return super.readArray(length);
    }

    @Override
    public String readString(int length) {
        charge(STRING_BYTES);
        return super.readString(length);
    }

    @Override
    public List<RawTaggedField> readUnknownTaggedField(
            @Nullable List<RawTaggedField> known, int tag, int length) {
        charge(ELEMENT_BYTES);
        return super.readUnknownTaggedField(known, tag, length);
    }

    @Override
    public ByteBuffer readByteBuffer(int length) {
        charge(BUFFER_BYTES);
        return super.readByteBuffer(length);
    }
}
