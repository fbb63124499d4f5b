package io.headrace.protocol.batch.produce;

import io.headrace.protocol.batch.CompressionCodec;
import io.headrace.protocol.batch.TimestampType;

import org.jspecify.annotations.Nullable;

import java.util.OptionalInt;

/**
 * What a topic demands of produced data.
 *
 * @param topicCodec {@code compression.type}; null for {@code producer}: as it came
 * @param compressionLevel {@code compression.*.level} of that codec; empty for its default
 * @param timestampType {@code message.timestamp.type}
 * @param timestampBeforeMaxMs {@code message.timestamp.before.max.ms}: how far a timestamp may lie
 *     back
 * @param timestampAfterMaxMs {@code message.timestamp.after.max.ms}: how far it may lie ahead
 * @param maxBatchBytes {@code max.message.bytes}
 * @param keysRequired whether the topic is compacted, so that each record needs a key
 * @param maxDecompressedBytes how much a batch may hold, where records must be looked at
 */
public record ProduceRules(
        @Nullable CompressionCodec topicCodec,
        OptionalInt compressionLevel,
        TimestampType timestampType,
        long timestampBeforeMaxMs,
        long timestampAfterMaxMs,
        int maxBatchBytes,
        boolean keysRequired,
        long maxDecompressedBytes) {

    /** Kafka's defaults of a topic, and 256 MiB decompressed. */
    public static final ProduceRules DEFAULT =
            new ProduceRules(
                    null,
                    OptionalInt.empty(),
                    TimestampType.CREATE_TIME,
                    Long.MAX_VALUE,
                    3_600_000L,
                    1_048_588,
                    false,
                    256L << 20);
}
