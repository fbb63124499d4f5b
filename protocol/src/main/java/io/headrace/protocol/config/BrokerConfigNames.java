package io.headrace.protocol.config;

import static java.util.Map.entry;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The names that defaults of topic configs have among a broker's configs ("Server Default Property"
 * in Kafka's documentation of topic configs).
 */
public final class BrokerConfigNames {
    /** Whether leaders move to where less is appended; a default of all nodes. */
    public static final String BALANCE_BY_LOAD = "headrace.leader.balance.by.load";

    /** How fast replicas out of sync may be served by one node (KIP-73), in bytes per second. */
    public static final String LEADER_THROTTLED_RATE = "leader.replication.throttled.rate";

    /** How fast replicas out of sync may copy to one node (KIP-73), in bytes per second. */
    public static final String FOLLOWER_THROTTLED_RATE = "follower.replication.throttled.rate";

    /**
     * How fast replicas that are being moved to a node may copy, all of them together, in bytes per
     * second, whoever moves them: an operator, a drain, the raising of internal topics' replicas.
     */
    public static final String REASSIGNMENT_RATE = "headrace.reassignment.max.bytes.per.second";

    /** How fast logs may be copied between directories of one node (KIP-113). */
    public static final String ALTER_LOG_DIRS_RATE =
            "replica.alter.log.dirs.io.max.bytes.per.second";

    /** How fast a node reads what nobody reads, to find damage; 0 for not at all. */
    public static final String SCRUB_RATE = "headrace.scrub.max.bytes.per.second";

    /** Bytes per second, of one node or of all, that may change while they run. */
    public static final Set<String> RATES =
            Set.of(
                    LEADER_THROTTLED_RATE,
                    FOLLOWER_THROTTLED_RATE,
                    REASSIGNMENT_RATE,
                    ALTER_LOG_DIRS_RATE,
                    SCRUB_RATE);

    private static final Map<String, String> IRREGULAR =
            Map.ofEntries(
                    entry(TopicConfigs.MAX_MESSAGE_BYTES, "message.max.bytes"),
                    entry(TopicConfigs.MIN_INSYNC_REPLICAS, "min.insync.replicas"),
                    entry(TopicConfigs.COMPRESSION_TYPE, "compression.type"),
                    entry(TopicConfigs.COMPRESSION_GZIP_LEVEL, "compression.gzip.level"),
                    entry(TopicConfigs.COMPRESSION_LZ4_LEVEL, "compression.lz4.level"),
                    entry(TopicConfigs.COMPRESSION_ZSTD_LEVEL, "compression.zstd.level"),
                    entry(
                            TopicConfigs.UNCLEAN_LEADER_ELECTION_ENABLE,
                            "unclean.leader.election.enable"),
                    entry(TopicConfigs.SEGMENT_MS, "log.roll.ms"),
                    entry(TopicConfigs.SEGMENT_JITTER_MS, "log.roll.jitter.ms"),
                    entry(TopicConfigs.SEGMENT_INDEX_BYTES, "log.index.size.max.bytes"),
                    entry(TopicConfigs.FLUSH_MESSAGES, "log.flush.interval.messages"),
                    entry(TopicConfigs.FLUSH_MS, "log.flush.interval.ms"),
                    entry(TopicConfigs.FILE_DELETE_DELAY_MS, "log.segment.delete.delay.ms"),
                    entry(TopicConfigs.DELETE_RETENTION_MS, "log.cleaner.delete.retention.ms"),
                    entry(
                            TopicConfigs.MIN_CLEANABLE_DIRTY_RATIO,
                            "log.cleaner.min.cleanable.ratio"),
                    entry(TopicConfigs.MIN_COMPACTION_LAG_MS, "log.cleaner.min.compaction.lag.ms"),
                    entry(TopicConfigs.MAX_COMPACTION_LAG_MS, "log.cleaner.max.compaction.lag.ms"));

    /** Lists of one topic's replicas, and what a partition's own record holds, have no default. */
    private static final Set<String> NOT_DYNAMIC =
            Set.of(
                    TopicConfigs.FOLLOWER_REPLICATION_THROTTLED_REPLICAS,
                    TopicConfigs.LEADER_REPLICATION_THROTTLED_REPLICAS,
                    TopicConfigs.MIN_INSYNC_REPLICAS,
                    TopicConfigs.UNCLEAN_LEADER_ELECTION_ENABLE);

    private static final Map<String, String> DYNAMIC = dynamic();

    private BrokerConfigNames() {}

    private static Map<String, String> dynamic() {
        Map<String, String> topicConfigs = new HashMap<>();
        for (ConfigDefinition definition : TopicConfigs.all()) {
            if (!NOT_DYNAMIC.contains(definition.name())) {
                topicConfigs.put(of(definition.name()), definition.name());
            }
        }
        return Map.copyOf(topicConfigs);
    }

    /** A broker's name for the default of a topic config. */
    public static String of(String topicConfig) {
        return IRREGULAR.getOrDefault(topicConfig, "log." + topicConfig);
    }

    /** The topic config whose default that is and may change while brokers run; null for others. */
    public static @Nullable String dynamicTopicConfig(String brokerConfig) {
        return DYNAMIC.get(brokerConfig);
    }
}
