package io.headrace.protocol.batch.produce;

import static io.headrace.protocol.batch.BatchDescriptor.NO_TIMESTAMP;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.batch.StoredRecord;
import io.headrace.protocol.batch.TimestampType;
import io.headrace.protocol.batch.produce.ProduceVerdict.Rejected;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * One look at every record of a produced batch: what is wrong with which, and a copy of the good.
 */
final class RecordScan {
    /** More named records than this help nobody, and the answer must stay small. */
    static final int MAX_RECORD_ERRORS = 100;

    private final ProduceRules rules;
    private final long nowMs;
    private final @Nullable BatchBuilder copy;
    private final List<RecordError> errors = new ArrayList<>();
    private boolean timeIsWrong;

    /**
     * @param copy what takes the records, unless null
     */
    RecordScan(ProduceRules rules, long nowMs, @Nullable BatchBuilder copy) {
        this.rules = rules;
        this.nowMs = nowMs;
        this.copy = copy;
    }

    /** Null when every record is good. Throws {@link CorruptBatchException} on bad bytes. */
    @Nullable Rejected run(ByteBuffer records, int index) {
        long maxBytes = rules.maxDecompressedBytes();
        int batchIndex = 0;
        try (RecordReader reader = RecordReader.open(records, index, maxBytes)) {
            while (reader.hasNext()) {
                StoredRecord record = reader.next();
                if (record.offset() != BatchView.baseOffset(records, index) + batchIndex) {
                    return new Rejected(
                            Errors.INVALID_RECORD,
                            "Record " + batchIndex + " has the offset delta of another");
                }
                look(record, batchIndex);
                if (copy != null && errors.isEmpty()) {
                    // Only under log append time, which replaces it, is a negative one still here.
                    long timestampMs = Math.max(NO_TIMESTAMP, record.timestampMs());
                    copy.append(timestampMs, record.key(), record.value(), record.headers());
                }
                batchIndex++;
            }
        }
        return toRejection();
    }

    private void look(StoredRecord record, int batchIndex) {
        if (rules.keysRequired() && record.key() == null) {
            add(batchIndex, "Compacted topic cannot accept message without key");
        } else if (rules.timestampType() == TimestampType.CREATE_TIME
                && !isTimeAllowed(record.timestampMs(), rules, nowMs)) {
            timeIsWrong = true;
            add(
                    batchIndex,
                    "Timestamp "
                            + record.timestampMs()
                            + " is out of range. The timestamp should be within "
                            + allowedTimes(rules, nowMs));
        }
    }

    private void add(int batchIndex, String message) {
        if (errors.size() < MAX_RECORD_ERRORS) {
            errors.add(new RecordError(batchIndex, message));
        }
    }

    private @Nullable Rejected toRejection() {
        if (errors.isEmpty()) {
            return null;
        }
        return timeIsWrong
                ? new Rejected(
                        Errors.INVALID_TIMESTAMP,
                        "One or more records have been rejected due to invalid timestamp",
                        List.copyOf(errors))
                : new Rejected(
                        Errors.INVALID_RECORD,
                        "One or more records have been rejected: " + errors.getFirst().message(),
                        List.copyOf(errors));
    }

    /** Whether a timestamp lies within the topic's bounds around now; one that is not set does. */
    static boolean isTimeAllowed(long timestampMs, ProduceRules rules, long nowMs) {
        if (timestampMs == NO_TIMESTAMP) {
            return true;
        }
        return timestampMs >= 0
                && nowMs - timestampMs <= rules.timestampBeforeMaxMs()
                && timestampMs - nowMs <= rules.timestampAfterMaxMs();
    }

    static String allowedTimes(ProduceRules rules, long nowMs) {
        long after = rules.timestampAfterMaxMs();
        return "["
                + Math.max(0, nowMs - rules.timestampBeforeMaxMs())
                + ", "
                + (after > Long.MAX_VALUE - nowMs ? Long.MAX_VALUE : nowMs + after)
                + "]";
    }
}
