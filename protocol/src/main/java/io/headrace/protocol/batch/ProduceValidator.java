package io.headrace.protocol.batch;

import org.apache.kafka.common.protocol.Errors;

import java.nio.ByteBuffer;

/**
 * Judges the data that a producer sends for one partition, batch by batch and not record by record
 * (docs/adr/0002-batch-level-validation.md): structure, CRC, size, codec, times, producer fields.
 *
 * <p>Records are only looked at where nothing else tells: for keys on a compacted topic, and to
 * recompress. Stateless.
 */
public final class ProduceValidator {
    private ProduceValidator() {}

    /**
     * Judges the data from the buffer's position to its limit. With log append time, the time is
     * written into the buffer.
     *
     * @param produceVersion the version of the Produce request: from 3 on, one batch of format 2
     */
    public static ProduceVerdict validate(
            ByteBuffer records, short produceVersion, ProduceRules rules, long nowMs) {
        return new ProduceVerdict.Rejected(Errors.UNKNOWN_SERVER_ERROR, "to come");
    }
}
