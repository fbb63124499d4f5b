package io.headrace.storage.share;

import org.apache.kafka.common.protocol.Errors;

import java.util.List;

/**
 * What a member says of a range of records.
 *
 * @param lastOffset inclusive
 * @param types one for all of them, or one for each
 */
public record AcknowledgementBatch(long firstOffset, long lastOffset, List<Byte> types) {

    private AcknowledgeType typeAt(int index) {
        AcknowledgeType type = AcknowledgeType.of(types.get(index));
        if (type == null) {
            throw new IllegalArgumentException("Unchecked acknowledge type " + types.get(index));
        }
        return type;
    }

    /** What is said of an offset in the range. */
    AcknowledgeType typeOf(long offset) {
        return typeAt(types.size() == 1 ? 0 : (int) (offset - firstOffset));
    }

    /** The last offset, up to a bound, of which the same is said as of this one. */
    long sameUntil(long offset, long bound) {
        if (types.size() == 1) {
            return bound;
        }
        Byte type = types.get((int) (offset - firstOffset));
        long last = offset;
        while (last < bound && types.get((int) (last + 1 - firstOffset)).equals(type)) {
            last++;
        }
        return last;
    }

    /**
     * Checks what a client sent for one partition.
     *
     * @param renews whether the request says that it may renew
     * @return NONE or INVALID_REQUEST
     */
    public static Errors check(List<AcknowledgementBatch> batches, boolean renews) {
        long next = -1;
        for (AcknowledgementBatch batch : batches) {
            List<Byte> types = batch.types();
            boolean isSound =
                    batch.firstOffset() >= 0
                            && batch.firstOffset() >= next
                            && batch.lastOffset() >= batch.firstOffset()
                            && batch.lastOffset() < Long.MAX_VALUE
                            && !types.isEmpty()
                            && (types.size() == 1
                                    || types.size()
                                            == batch.lastOffset() - batch.firstOffset() + 1);
            if (!isSound || !areKnown(types, renews)) {
                return Errors.INVALID_REQUEST;
            }
            next = batch.lastOffset() + 1;
        }
        return Errors.NONE;
    }

    private static boolean areKnown(List<Byte> types, boolean renews) {
        for (Byte id : types) {
            AcknowledgeType type = AcknowledgeType.of(id);
            if (type == null || (type == AcknowledgeType.RENEW && !renews)) {
                return false;
            }
        }
        return true;
    }
}
