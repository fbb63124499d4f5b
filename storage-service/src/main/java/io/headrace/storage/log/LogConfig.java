package io.headrace.storage.log;

import io.headrace.protocol.config.ConfigDefinition;
import io.headrace.protocol.config.TopicConfigs;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/**
 * The configuration of a topic's logs, typed: what {@link TopicConfigs} defines, with the overrides
 * of one topic applied. Immutable.
 */
public record LogConfig(
        boolean compact,
        boolean delete,
        String compressionType,
        int compressionGzipLevel,
        int compressionLz4Level,
        int compressionZstdLevel,
        long deleteRetentionMs,
        long fileDeleteDelayMs,
        long flushMessages,
        long flushMs,
        FlushPolicy flushPolicy,
        List<String> followerReplicationThrottledReplicas,
        int indexIntervalBytes,
        List<String> leaderReplicationThrottledReplicas,
        long maxCompactionLagMs,
        int maxMessageBytes,
        long messageTimestampAfterMaxMs,
        long messageTimestampBeforeMaxMs,
        boolean logAppendTime,
        double minCleanableDirtyRatio,
        long minCompactionLagMs,
        int minInsyncReplicas,
        long retentionBytes,
        long retentionMs,
        int segmentBytes,
        int segmentIndexBytes,
        long segmentJitterMs,
        long segmentMs,
        boolean uncleanLeaderElectionEnable) {

    /** When an appended record counts as stored. */
    public enum FlushPolicy {
        /** Once the device has it, by group commit. */
        FSYNC,
        /** Once the operating system has it. */
        PAGE_CACHE
    }

    /** Whether an appended record counts as stored only once the device has it. */
    public boolean isFsync() {
        return flushPolicy == FlushPolicy.FSYNC;
    }

    /** Every configuration at its default. */
    public static final LogConfig DEFAULT = of(Map.of());

    /**
     * The configuration with these overrides, by Kafka's names; unnamed ones take their default.
     *
     * @throws IllegalArgumentException when a name is unknown or a value invalid; the message says
     *     so
     */
    public static LogConfig of(Map<String, String> overrides) {
        return of(overrides, Map.of());
    }

    /**
     * The configuration with these overrides, and a node's own defaults for what they leave out.
     *
     * @throws IllegalArgumentException when a name is unknown or a value invalid; the message says
     *     so
     */
    public static LogConfig of(Map<String, String> overrides, Map<String, String> nodeDefaults) {
        reject(TopicConfigs.problem(nodeDefaults));
        reject(TopicConfigs.problem(overrides));
        Values values = new Values(overrides, nodeDefaults);
        List<String> cleanup = values.list(TopicConfigs.CLEANUP_POLICY);
        return new LogConfig(
                cleanup.contains("compact"),
                cleanup.contains("delete"),
                values.string(TopicConfigs.COMPRESSION_TYPE),
                values.integer(TopicConfigs.COMPRESSION_GZIP_LEVEL),
                values.integer(TopicConfigs.COMPRESSION_LZ4_LEVEL),
                values.integer(TopicConfigs.COMPRESSION_ZSTD_LEVEL),
                values.number(TopicConfigs.DELETE_RETENTION_MS),
                values.number(TopicConfigs.FILE_DELETE_DELAY_MS),
                values.number(TopicConfigs.FLUSH_MESSAGES),
                values.number(TopicConfigs.FLUSH_MS),
                values.string(TopicConfigs.FLUSH_POLICY).equals("fsync")
                        ? FlushPolicy.FSYNC
                        : FlushPolicy.PAGE_CACHE,
                values.list(TopicConfigs.FOLLOWER_REPLICATION_THROTTLED_REPLICAS),
                values.integer(TopicConfigs.INDEX_INTERVAL_BYTES),
                values.list(TopicConfigs.LEADER_REPLICATION_THROTTLED_REPLICAS),
                values.number(TopicConfigs.MAX_COMPACTION_LAG_MS),
                values.integer(TopicConfigs.MAX_MESSAGE_BYTES),
                values.number(TopicConfigs.MESSAGE_TIMESTAMP_AFTER_MAX_MS),
                values.number(TopicConfigs.MESSAGE_TIMESTAMP_BEFORE_MAX_MS),
                values.string(TopicConfigs.MESSAGE_TIMESTAMP_TYPE).equals("LogAppendTime"),
                Double.parseDouble(values.string(TopicConfigs.MIN_CLEANABLE_DIRTY_RATIO)),
                values.number(TopicConfigs.MIN_COMPACTION_LAG_MS),
                values.integer(TopicConfigs.MIN_INSYNC_REPLICAS),
                values.number(TopicConfigs.RETENTION_BYTES),
                values.number(TopicConfigs.RETENTION_MS),
                values.integer(TopicConfigs.SEGMENT_BYTES),
                values.integer(TopicConfigs.SEGMENT_INDEX_BYTES),
                values.number(TopicConfigs.SEGMENT_JITTER_MS),
                values.number(TopicConfigs.SEGMENT_MS),
                values.bool(TopicConfigs.UNCLEAN_LEADER_ELECTION_ENABLE));
    }

    private static void reject(@Nullable String problem) {
        if (problem != null) {
            throw new IllegalArgumentException(problem);
        }
    }

    private record Values(Map<String, String> overrides, Map<String, String> nodeDefaults) {
        String string(String name) {
            String value = overrides.get(name);
            if (value == null) {
                value = nodeDefaults.get(name);
            }
            if (value == null) {
                value = TopicConfigs.defaultValue(name);
            }
            ConfigDefinition definition = TopicConfigs.find(name);
            return definition == null ? value : definition.check(value);
        }

        int integer(String name) {
            return Integer.parseInt(string(name));
        }

        long number(String name) {
            return Long.parseLong(string(name));
        }

        boolean bool(String name) {
            return Boolean.parseBoolean(string(name));
        }

        List<String> list(String name) {
            return TopicConfigs.listItems(string(name));
        }
    }
}
