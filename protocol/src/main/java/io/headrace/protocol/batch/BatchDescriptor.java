package io.headrace.protocol.batch;

/**
 * The byte layout of a record batch, format 2 (KIP-98, KIP-534). All numbers are big-endian.
 *
 * <pre>
 *   0                8          12            16 17      21
 *  +----------------+----------+-------------+--+-------+
 *  | baseOffset  i64| length   | leaderEpoch |2 | crc   |   length counts from byte 12 on;
 *  |                | i32      | i32         |i8| u32   |   crc is CRC-32C of byte 21 on
 *  +----------------+----------+-------------+--+-------+
 *   21         23                27               35               43
 *  +----------+-----------------+----------------+----------------+
 *  |attributes| lastOffsetDelta | baseTimestamp  | maxTimestamp   |   baseTimestamp is the delete
 *  | i16      | i32             | i64            | i64            |   horizon when bit 6 is set
 *  +----------+-----------------+----------------+----------------+
 *   43           51              53             57            61
 *  +------------+---------------+--------------+-------------+-----------...
 *  | producerId | producerEpoch | baseSequence | recordCount | records
 *  | i64        | i16           | i32          | i32         | (compressed as one block)
 *  +------------+---------------+--------------+-------------+-----------...
 *
 *  attributes:  15..7 unused | 6 delete horizon | 5 control | 4 transactional | 3 log append time | 2..0 codec
 * </pre>
 *
 * <p>A record, inside: {@code length varint, attributes i8, timestampDelta varlong, offsetDelta
 * varint, key (varint length, -1 null), value (same), headers (varint count; each a string key and
 * a nullable value)}.
 */
public final class BatchDescriptor {
    public static final int BASE_OFFSET = 0;
    public static final int LENGTH = 8;
    public static final int LEADER_EPOCH = 12;
    public static final int MAGIC = 16;
    public static final int CRC = 17;
    public static final int ATTRIBUTES = 21;
    public static final int LAST_OFFSET_DELTA = 23;
    public static final int BASE_TIMESTAMP = 27;
    public static final int MAX_TIMESTAMP = 35;
    public static final int PRODUCER_ID = 43;
    public static final int PRODUCER_EPOCH = 51;
    public static final int BASE_SEQUENCE = 53;
    public static final int RECORD_COUNT = 57;

    /** Bytes before the first record: the smallest size of a batch. */
    public static final int HEADER_BYTES = 61;

    /** Bytes that the length field does not count: base offset and the length field itself. */
    public static final int LOG_OVERHEAD_BYTES = 12;

    /** The only format this platform stores. */
    public static final byte CURRENT_MAGIC = 2;

    public static final int CODEC_MASK = 0x07;
    public static final int LOG_APPEND_TIME_FLAG = 1 << 3;
    public static final int TRANSACTIONAL_FLAG = 1 << 4;
    public static final int CONTROL_FLAG = 1 << 5;
    public static final int DELETE_HORIZON_FLAG = 1 << 6;

    /** What the fields hold when the batch has no producer. */
    public static final long NO_PRODUCER_ID = -1L;

    public static final short NO_PRODUCER_EPOCH = -1;
    public static final int NO_SEQUENCE = -1;

    /** A record or batch without a timestamp. */
    public static final long NO_TIMESTAMP = -1L;

    public static final int NO_LEADER_EPOCH = -1;

    private BatchDescriptor() {}
}
