package io.headrace.coordinator.config;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * One coordinator.
 *
 * @param id its id, apart from those of storage nodes
 * @param host the address it listens on
 * @param port the port for nodes; 0 for any free one
 * @param advertisedHost where storage nodes reach it; empty for {@code host}
 * @param threads event loops
 * @param dataDirectory where the embedded database lies
 * @param sessionTimeout a storage node that does not poll for this long is fenced
 * @param topicDefaults what a topic gets when its creator leaves it open
 * @param limits what the cluster refuses to exceed
 * @param database PostgreSQL instead of the embedded database
 * @param membership how others are found
 */
@ConfigurationProperties("headrace.coordinator")
public record CoordinatorProperties(
        @DefaultValue("1001") int id,
        @DefaultValue("0.0.0.0") String host,
        @DefaultValue("9094") int port,
        @DefaultValue("") String advertisedHost,
        @DefaultValue("1") int threads,
        @DefaultValue("data/coordinator") Path dataDirectory,
        @DefaultValue("9s") Duration sessionTimeout,
        @DefaultValue TopicDefaults topicDefaults,
        @DefaultValue Limits limits,
        @DefaultValue SqlDatabase database,
        @DefaultValue Membership membership) {

    /**
     * Discovery of other services and suspicion of their death, by Hazelcast.
     *
     * @param members where others may be, host or host:port; empty: this process joins nobody and
     *     Hazelcast is not started, since a member alone learns nothing
     * @param port the first port to try
     * @param rack where this process is, empty when that does not matter
     */
    public record Membership(
            @DefaultValue({}) List<String> members,
            @DefaultValue("5701") int port,
            @DefaultValue("") String rack) {
        public Membership {
            members = List.copyOf(members);
            requireRange("membership.port", port, 1, 65_535);
        }
    }

    /**
     * Defaults of topics.
     *
     * @param replicationFactor at most as many replicas as there are nodes are made
     * @param offsetsPartitions partitions of {@code __consumer_offsets}, fixed once it exists
     * @param transactionsPartitions partitions of {@code __transaction_state}, likewise
     * @param shareStatePartitions partitions of {@code __share_group_state}, likewise
     */
    public record TopicDefaults(
            @DefaultValue("1") int partitions,
            @DefaultValue("3") int replicationFactor,
            @DefaultValue("50") int offsetsPartitions,
            @DefaultValue("50") int transactionsPartitions,
            @DefaultValue("50") int shareStatePartitions) {
        public TopicDefaults {
            requireRange("topic-defaults.partitions", partitions, 1, 10_000);
            requireRange("topic-defaults.replication-factor", replicationFactor, 1, 100);
            requireRange("topic-defaults.offsets-partitions", offsetsPartitions, 1, 10_000);
            requireRange(
                    "topic-defaults.transactions-partitions", transactionsPartitions, 1, 10_000);
            requireRange("topic-defaults.share-state-partitions", shareStatePartitions, 1, 10_000);
        }
    }

    /** Bounds of the cluster. */
    public record Limits(
            @DefaultValue("10000") int partitionsPerRequest,
            @DefaultValue("200000") int partitions) {
        public Limits {
            requireRange("limits.partitions-per-request", partitionsPerRequest, 1, 20_000);
            requireRange("limits.partitions", partitions, 1, 10_000_000);
        }
    }

    /**
     * A database by URL.
     *
     * @param url {@code jdbc:postgresql://host/database}; empty for the embedded one
     */
    public record SqlDatabase(
            @DefaultValue("") String url,
            @DefaultValue("") String user,
            @DefaultValue("") String password) {
        public SqlDatabase {
            if (!url.isEmpty() && !url.startsWith("jdbc:postgresql:")) {
                throw new IllegalArgumentException(
                        "headrace.coordinator.database.url must begin with jdbc:postgresql: or be"
                                + " empty for the embedded database, not "
                                + url);
            }
        }

        @Override
        public String toString() {
            return "SqlDatabase[url=" + url + ", user=" + user + ", password=hidden]";
        }
    }

    public CoordinatorProperties {
        requireRange("id", id, 0, Integer.MAX_VALUE);
        requireRange("port", port, 0, 65_535);
        requireRange("threads", threads, 1, 64);
        if (host.isBlank()) {
            throw new IllegalArgumentException("headrace.coordinator.host must not be empty");
        }
        if (sessionTimeout.toMillis() < 100 || sessionTimeout.toMinutes() > 10) {
            throw new IllegalArgumentException(
                    "headrace.coordinator.session-timeout must be between 100 ms and 10 minutes");
        }
    }

    private static void requireRange(String name, long value, long min, long max) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(
                    "headrace.coordinator."
                            + name
                            + " must be between "
                            + min
                            + " and "
                            + max
                            + ", not "
                            + value);
        }
    }
}
