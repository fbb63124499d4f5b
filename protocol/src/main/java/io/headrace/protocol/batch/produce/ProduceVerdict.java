package io.headrace.protocol.batch.produce;

import org.apache.kafka.common.protocol.Errors;

import java.nio.ByteBuffer;
import java.util.List;

/** What {@link ProduceValidator} says of the data for one partition. */
public sealed interface ProduceVerdict {

    /**
     * The data may be appended.
     *
     * @param batch exactly one batch, from position to limit: the produced bytes themselves, but
     *     for the fields of time under log append time, unless {@code rewritten}
     * @param recordCount how many offsets it takes
     * @param maxTimestampMs its highest timestamp
     * @param logAppendTimeMs what the answer names: -1 unless the topic has log append time
     * @param rewritten whether the bytes are new ones, recompressed by the topic's codec
     */
    record Accepted(
            ByteBuffer batch,
            int recordCount,
            long maxTimestampMs,
            long logAppendTimeMs,
            boolean rewritten)
            implements ProduceVerdict {}

    /**
     * The data is refused, as a whole.
     *
     * @param error the answer's error code
     * @param message the answer's error message
     * @param recordErrors the guilty records, if single ones are
     */
    record Rejected(Errors error, String message, List<RecordError> recordErrors)
            implements ProduceVerdict {
        public Rejected(Errors error, String message) {
            this(error, message, List.of());
        }
    }
}
