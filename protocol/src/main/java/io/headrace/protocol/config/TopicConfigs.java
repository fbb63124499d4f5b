package io.headrace.protocol.config;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The configurations of a topic: Kafka 4.3's names, defaults and rules, and our own {@value
 * #FLUSH_POLICY}.
 *
 * <p>The coordinator validates and describes with this table; storage reads its typed view of it.
 */
public final class TopicConfigs {
    public static final String CLEANUP_POLICY = "cleanup.policy";
    public static final String COMPRESSION_TYPE = "compression.type";
    public static final String COMPRESSION_GZIP_LEVEL = "compression.gzip.level";
    public static final String COMPRESSION_LZ4_LEVEL = "compression.lz4.level";
    public static final String COMPRESSION_ZSTD_LEVEL = "compression.zstd.level";
    public static final String DELETE_RETENTION_MS = "delete.retention.ms";
    public static final String FILE_DELETE_DELAY_MS = "file.delete.delay.ms";
    public static final String FLUSH_MESSAGES = "flush.messages";
    public static final String FLUSH_MS = "flush.ms";
    public static final String FLUSH_POLICY = "flush.policy";
    public static final String FOLLOWER_REPLICATION_THROTTLED_REPLICAS =
            "follower.replication.throttled.replicas";
    public static final String INDEX_INTERVAL_BYTES = "index.interval.bytes";
    public static final String LEADER_REPLICATION_THROTTLED_REPLICAS =
            "leader.replication.throttled.replicas";
    public static final String MAX_COMPACTION_LAG_MS = "max.compaction.lag.ms";
    public static final String MAX_MESSAGE_BYTES = "max.message.bytes";
    public static final String MESSAGE_TIMESTAMP_AFTER_MAX_MS = "message.timestamp.after.max.ms";
    public static final String MESSAGE_TIMESTAMP_BEFORE_MAX_MS = "message.timestamp.before.max.ms";
    public static final String MESSAGE_TIMESTAMP_TYPE = "message.timestamp.type";
    public static final String MIN_CLEANABLE_DIRTY_RATIO = "min.cleanable.dirty.ratio";
    public static final String MIN_COMPACTION_LAG_MS = "min.compaction.lag.ms";
    public static final String MIN_INSYNC_REPLICAS = "min.insync.replicas";
    public static final String PREALLOCATE = "preallocate";
    public static final String RETENTION_BYTES = "retention.bytes";
    public static final String RETENTION_MS = "retention.ms";
    public static final String SEGMENT_BYTES = "segment.bytes";
    public static final String SEGMENT_INDEX_BYTES = "segment.index.bytes";
    public static final String SEGMENT_JITTER_MS = "segment.jitter.ms";
    public static final String SEGMENT_MS = "segment.ms";
    public static final String UNCLEAN_LEADER_ELECTION_ENABLE = "unclean.leader.election.enable";

    private static final Pattern THROTTLED_REPLICA = Pattern.compile("\\d+:\\d+");

    private static final Map<String, ConfigDefinition> DEFINITIONS = new LinkedHashMap<>();

    static {
        define(
                CLEANUP_POLICY,
                ConfigType.LIST,
                "delete",
                "[] or any of [compact, delete]",
                cleanupPolicy(),
                "What happens to old records: delete removes whole segments by time and"
                        + " size, compact keeps the last value of each key, both do both, and an "
                        + "empty value keeps everything for ever.");
        define(
                COMPRESSION_TYPE,
                ConfigType.STRING,
                "producer",
                "one of [uncompressed, zstd, lz4, snappy, gzip, producer]",
                oneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"),
                "The codec of stored batches; producer keeps what the producer chose.");
        define(
                COMPRESSION_GZIP_LEVEL,
                ConfigType.INT,
                "-1",
                "[1,...,9] or -1",
                gzipLevel(),
                "The level when compression.type is gzip; -1 is the codec's default.");
        define(
                COMPRESSION_LZ4_LEVEL,
                ConfigType.INT,
                "9",
                "[1,...,17]",
                between(1, 17),
                "The level when compression.type is lz4.");
        define(
                COMPRESSION_ZSTD_LEVEL,
                ConfigType.INT,
                "3",
                "[-131072,...,22]",
                between(-131072, 22),
                "The level when compression.type is zstd.");
        define(
                DELETE_RETENTION_MS,
                ConfigType.LONG,
                "86400000",
                "[0,...]",
                atLeast(0),
                "How long, in milliseconds, tombstones stay in a compacted topic.");
        define(
                FILE_DELETE_DELAY_MS,
                ConfigType.LONG,
                "60000",
                "[0,...]",
                atLeast(0),
                "How long, in milliseconds, a deleted segment's file stays on disk.");
        define(
                FLUSH_MESSAGES,
                ConfigType.LONG,
                "9223372036854775807",
                "[1,...]",
                atLeast(1),
                "With flush.policy page-cache: after how many records the log is "
                        + "flushed to the device.");
        define(
                FLUSH_MS,
                ConfigType.LONG,
                "9223372036854775807",
                "[0,...]",
                atLeast(0),
                "With flush.policy page-cache: after how many milliseconds unflushed "
                        + "records are flushed to the device.");
        define(
                FLUSH_POLICY,
                ConfigType.STRING,
                "fsync",
                "one of [fsync, page-cache]",
                oneOf("fsync", "page-cache"),
                "When a record counts as stored: fsync answers acks=1 and acks=all only"
                        + " after the device has it (group commit), page-cache as soon as the "
                        + "operating system has it, so that a power loss of every replica can "
                        + "lose it.");
        define(
                FOLLOWER_REPLICATION_THROTTLED_REPLICAS,
                ConfigType.LIST,
                "",
                "[partitionId]:[brokerId],[partitionId]:[brokerId],... or *",
                throttledReplicas(),
                "The replicas whose replication is throttled on the follower's side.");
        define(
                INDEX_INTERVAL_BYTES,
                ConfigType.INT,
                "4096",
                "[0,...]",
                atLeast(0),
                "After how many bytes of records an index entry is added.");
        define(
                LEADER_REPLICATION_THROTTLED_REPLICAS,
                ConfigType.LIST,
                "",
                "[partitionId]:[brokerId],[partitionId]:[brokerId],... or *",
                throttledReplicas(),
                "The replicas whose replication is throttled on the leader's side.");
        define(
                MAX_COMPACTION_LAG_MS,
                ConfigType.LONG,
                "9223372036854775807",
                "[1,...]",
                atLeast(1),
                "After how many milliseconds at most a record of a compacted topic is "
                        + "compacted.");
        define(
                MAX_MESSAGE_BYTES,
                ConfigType.INT,
                "1048588",
                "[0,...]",
                atLeast(0),
                "The largest record batch accepted, after compression, in bytes.");
        define(
                MESSAGE_TIMESTAMP_AFTER_MAX_MS,
                ConfigType.LONG,
                "3600000",
                "[0,...]",
                atLeast(0),
                "How far, in milliseconds, a record's timestamp may be ahead of this "
                        + "node's clock.");
        define(
                MESSAGE_TIMESTAMP_BEFORE_MAX_MS,
                ConfigType.LONG,
                "9223372036854775807",
                "[0,...]",
                atLeast(0),
                "How far, in milliseconds, a record's timestamp may be behind this "
                        + "node's clock.");
        define(
                MESSAGE_TIMESTAMP_TYPE,
                ConfigType.STRING,
                "CreateTime",
                "one of [CreateTime, LogAppendTime]",
                oneOf("CreateTime", "LogAppendTime"),
                "Whose time a record carries: the producer's or the log's.");
        define(
                MIN_CLEANABLE_DIRTY_RATIO,
                ConfigType.DOUBLE,
                "0.5",
                "[0,...,1]",
                ratio(),
                "The share of uncompacted bytes from which a compacted log is " + "compacted.");
        define(
                MIN_COMPACTION_LAG_MS,
                ConfigType.LONG,
                "0",
                "[0,...]",
                atLeast(0),
                "How long, in milliseconds, a record stays uncompacted at least.");
        define(
                MIN_INSYNC_REPLICAS,
                ConfigType.INT,
                "1",
                "[1,...]",
                atLeast(1),
                "How many replicas must be in sync for acks=all.");
        define(
                PREALLOCATE,
                ConfigType.BOOLEAN,
                "false",
                "",
                any(),
                "Whether a new segment's file takes its whole size from the disk at " + "once.");
        define(
                RETENTION_BYTES,
                ConfigType.LONG,
                "-1",
                "[-1,...]",
                atLeast(-1),
                "How large, in bytes, a partition may grow before its oldest segments "
                        + "are deleted; -1 is no limit.");
        define(
                RETENTION_MS,
                ConfigType.LONG,
                "604800000",
                "[-1,...]",
                atLeast(-1),
                "How long, in milliseconds, records are kept; -1 is for ever.");
        define(
                SEGMENT_BYTES,
                ConfigType.INT,
                "1073741824",
                "[1048576,...]",
                atLeast(1048576),
                "The size, in bytes, at which a segment is closed and the next begun.");
        define(
                SEGMENT_INDEX_BYTES,
                ConfigType.INT,
                "10485760",
                "[4,...]",
                atLeast(4),
                "The size, in bytes, that a segment's offset index may reach before the"
                        + " segment is closed.");
        define(
                SEGMENT_JITTER_MS,
                ConfigType.LONG,
                "0",
                "[0,...]",
                atLeast(0),
                "How much segment.ms is shortened at random, in milliseconds, so that "
                        + "not all partitions roll at once.");
        define(
                SEGMENT_MS,
                ConfigType.LONG,
                "604800000",
                "[1,...]",
                atLeast(1),
                "The age, in milliseconds, at which a segment is closed although it is "
                        + "not full.");
        define(
                UNCLEAN_LEADER_ELECTION_ENABLE,
                ConfigType.BOOLEAN,
                "false",
                "",
                any(),
                "Whether a replica that may lack acknowledged records can be elected "
                        + "leader when no other is left.");
    }

    private TopicConfigs() {}

    private static void define(
            String name,
            ConfigType type,
            String defaultValue,
            String valid,
            ConfigDefinition.Rule rule,
            String documentation) {
        DEFINITIONS.put(
                name,
                new ConfigDefinition(name, type, defaultValue, false, valid, documentation, rule));
    }

    /** All definitions, by name, in the order of their names. */
    public static Collection<ConfigDefinition> all() {
        return List.copyOf(DEFINITIONS.values());
    }

    /** The names of all definitions. */
    public static Set<String> names() {
        return Set.copyOf(DEFINITIONS.keySet());
    }

    /** The definition of that name, or null when no topic configuration has it. */
    public static @Nullable ConfigDefinition find(String name) {
        return DEFINITIONS.get(name);
    }

    /**
     * The default of that configuration.
     *
     * @throws IllegalArgumentException when there is no such configuration
     */
    public static String defaultValue(String name) {
        ConfigDefinition definition = DEFINITIONS.get(name);
        if (definition == null) {
            throw new IllegalArgumentException("Unknown topic config name: " + name);
        }
        return definition.defaultValue();
    }

    /**
     * Says what is wrong with a set of overrides: an unknown name, a bad value, or values that
     * contradict each other; null when nothing is.
     */
    public static @Nullable String problem(Map<String, String> overrides) {
        for (Map.Entry<String, String> override : overrides.entrySet()) {
            ConfigDefinition definition = DEFINITIONS.get(override.getKey());
            if (definition == null) {
                return "Unknown topic config name: " + override.getKey();
            }
            String problem = definition.problem(override.getValue());
            if (problem != null) {
                return problem;
            }
        }
        long minLagMs = longValue(overrides, MIN_COMPACTION_LAG_MS);
        long maxLagMs = longValue(overrides, MAX_COMPACTION_LAG_MS);
        if (minLagMs > maxLagMs) {
            return "conflict topic config setting "
                    + MIN_COMPACTION_LAG_MS
                    + " ("
                    + minLagMs
                    + ") > "
                    + MAX_COMPACTION_LAG_MS
                    + " ("
                    + maxLagMs
                    + ")";
        }
        return null;
    }

    private static long longValue(Map<String, String> overrides, String name) {
        String value = overrides.get(name);
        return Long.parseLong(value == null ? defaultValue(name) : value.trim());
    }

    /** The items of a LIST value: separated by commas, blanks around them dropped. */
    public static List<String> listItems(String value) {
        return Arrays.stream(value.split(",", -1))
                .map(String::trim)
                .filter(item -> !item.isEmpty())
                .toList();
    }

    private static ConfigDefinition.Rule any() {
        return value -> null;
    }

    private static ConfigDefinition.Rule atLeast(long min) {
        return value -> Long.parseLong(value) < min ? "Value must be at least " + min : null;
    }

    private static ConfigDefinition.Rule between(long min, long max) {
        return value -> {
            long number = Long.parseLong(value);
            return number < min || number > max
                    ? "Value must be between " + min + " and " + max
                    : null;
        };
    }

    private static ConfigDefinition.Rule gzipLevel() {
        ConfigDefinition.Rule range = between(1, 9);
        return value -> value.equals("-1") ? null : range.problem(value);
    }

    private static ConfigDefinition.Rule ratio() {
        return value -> {
            double number = Double.parseDouble(value);
            return number < 0 || number > 1 ? "Value must be between 0 and 1" : null;
        };
    }

    private static ConfigDefinition.Rule oneOf(String... values) {
        List<String> allowed = List.of(values);
        return value ->
                allowed.contains(value)
                        ? null
                        : "String must be one of: " + String.join(", ", allowed);
    }

    private static ConfigDefinition.Rule cleanupPolicy() {
        return value -> {
            List<String> items = listItems(value);
            if (items.stream().distinct().count() != items.size()) {
                return "List must not contain duplicates";
            }
            return items.stream().allMatch(i -> i.equals("compact") || i.equals("delete"))
                    ? null
                    : "String must be one of: compact, delete";
        };
    }

    private static ConfigDefinition.Rule throttledReplicas() {
        return value -> {
            List<String> items = listItems(value);
            boolean valid =
                    items.equals(List.of("*"))
                            || items.stream().allMatch(i -> THROTTLED_REPLICA.matcher(i).matches());
            return valid
                    ? null
                    : "must be the literal '*' or a list of replicas in the following format:"
                            + " [partitionId]:[brokerId],[partitionId]:[brokerId],...";
        };
    }
}
