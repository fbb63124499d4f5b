package io.headrace.storage.partition;

import io.headrace.protocol.batch.CompressionCodec;
import io.headrace.protocol.batch.TimestampType;
import io.headrace.protocol.batch.produce.ProduceRules;
import io.headrace.storage.log.LogConfig;

import java.util.OptionalInt;

/** What a topic's configuration demands of produced data. */
final class ConfiguredRules {
    private ConfiguredRules() {}

    static ProduceRules of(LogConfig config) {
        String codec = config.compressionType();
        return new ProduceRules(
                switch (codec) {
                    case "producer" -> null;
                    case "uncompressed" -> CompressionCodec.NONE;
                    default -> CompressionCodec.forConfigName(codec);
                },
                switch (codec) {
                    case "gzip" -> OptionalInt.of(config.compressionGzipLevel());
                    case "lz4" -> OptionalInt.of(config.compressionLz4Level());
                    case "zstd" -> OptionalInt.of(config.compressionZstdLevel());
                    default -> OptionalInt.empty();
                },
                config.logAppendTime() ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME,
                config.messageTimestampBeforeMaxMs(),
                config.messageTimestampAfterMaxMs(),
                config.maxMessageBytes(),
                config.compact(),
                ProduceRules.DEFAULT.maxDecompressedBytes());
    }
}
