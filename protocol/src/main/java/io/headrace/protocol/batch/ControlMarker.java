package io.headrace.protocol.batch;

import java.nio.ByteBuffer;

/**
 * The end of a transaction in a log: the single record of a control batch (KIP-98).
 *
 * @param coordinatorEpoch the epoch of the transaction shard that decided
 */
public record ControlMarker(Type type, int coordinatorEpoch) {
    /** What the transaction came to. */
    public enum Type {
        ABORT(0),
        COMMIT(1);

        /** The number in the record's key. */
        private final short id;

        Type(int id) {
            this.id = (short) id;
        }
    }

    /** More than any control record takes. */
    public static final int MAX_RECORD_BYTES = 16 * 1024;

    private static final int KEY_BYTES = 4;
    private static final int VALUE_BYTES = 6;

    /**
     * Whether the control record is the end of a transaction: there are kinds that others write.
     */
    public static boolean isEndOfTransaction(StoredRecord record) {
        ByteBuffer key = record.key();
        if (key == null || key.remaining() < KEY_BYTES) {
            return false;
        }
        short type = key.getShort(key.position() + 2);
        return type == Type.ABORT.id || type == Type.COMMIT.id;
    }

    /**
     * The marker that a record of a control batch holds.
     *
     * @throws CorruptBatchException when it holds none
     */
    public static ControlMarker parse(StoredRecord record) {
        ByteBuffer key = record.key();
        ByteBuffer value = record.value();
        if (key == null || value == null || !isEndOfTransaction(record)) {
            throw new CorruptBatchException(
                    "Control record at offset " + record.offset() + " is no end of a transaction");
        }
        if (key.getShort(key.position()) < 0
                || value.remaining() < VALUE_BYTES
                || value.getShort(value.position()) < 0) {
            throw new CorruptBatchException(
                    "Control record at offset " + record.offset() + " is malformed");
        }
        short type = key.getShort(key.position() + 2);
        return new ControlMarker(
                type == Type.ABORT.id ? Type.ABORT : Type.COMMIT,
                value.getInt(value.position() + 2));
    }

    ByteBuffer toKey() {
        return ByteBuffer.allocate(KEY_BYTES).putShort((short) 0).putShort(type.id).flip();
    }

    ByteBuffer toValue() {
        return ByteBuffer.allocate(VALUE_BYTES).putShort((short) 0).putInt(coordinatorEpoch).flip();
    }
}
