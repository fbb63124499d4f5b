package io.headrace.storage.config;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * The settings of a storage node.
 *
 * @param nodeId the id that clients see; unique in the cluster, from 0
 * @param dataDirs one directory per disk
 * @param coordinators {@code host:port} of some coordinators; the metadata names the others
 * @param clusterSecret what the cluster's nodes prove themselves with, at least 16 characters
 * @param listener where clients connect
 * @param advertised what clients are told; absent: the address each of them connected to
 * @param rack the rack or zone of this node
 * @param loops threads that own connections and partitions; 0: one for two processors
 * @param ioThreads threads that block on disks
 * @param journalBytes the size of each of the three files of a directory that let small group
 *     commits be durable by one write, less on a disk below 256 times as much; 0: no such files,
 *     every group commit flushes the logs' own
 * @param autoCreateTopics {@code auto.create.topics.enable}
 * @param topicDefaults defaults of topic configs, by Kafka's topic-level names
 * @param limits bounds
 * @param compaction how logs are compacted
 * @param scrub how logs are read to find damage
 * @param replication how partitions are kept on several nodes
 * @param slowDisk when another node leads what lies on a disk of this one
 * @param hazelcast how this node says that it is alive
 */
@ConfigurationProperties("headrace.storage")
public record StorageProperties(
        @DefaultValue("1") int nodeId,
        @DefaultValue("data/storage") List<Path> dataDirs,
        @DefaultValue("localhost:9094") List<String> coordinators,
        @DefaultValue("") String clusterSecret,
        @DefaultValue Listener listener,
        @Nullable Advertised advertised,
        @Nullable String rack,
        @DefaultValue("0") int loops,
        @DefaultValue("4") int ioThreads,
        @DefaultValue("4194304") int journalBytes,
        @DefaultValue("true") boolean autoCreateTopics,
        @DefaultValue Map<String, String> topicDefaults,
        @DefaultValue Limits limits,
        @DefaultValue Compaction compaction,
        @DefaultValue Scrub scrub,
        @DefaultValue Replication replication,
        @DefaultValue SlowDisk slowDisk,
        @DefaultValue Hazelcast hazelcast) {

    public StorageProperties {
        dataDirs = List.copyOf(dataDirs);
        coordinators = List.copyOf(coordinators);
        topicDefaults = Map.copyOf(topicDefaults);
        require(nodeId >= 0, "node-id", "from 0 up");
        require(!dataDirs.isEmpty(), "data-dirs", "at least one directory");
        require(
                dataDirs.stream().map(Path::toAbsolutePath).distinct().count() == dataDirs.size(),
                "data-dirs",
                "different directories");
        require(!coordinators.isEmpty(), "coordinators", "at least one host:port");
        coordinators.forEach(StorageProperties::checkHostPort);
        require(loops >= 0 && loops <= 1_000, "loops", "0 (one for two processors) to 1000");
        require(ioThreads >= 1 && ioThreads <= 1_000, "io-threads", "1 to 1000");
        require(
                journalBytes == 0 || (journalBytes >= 64 << 10 && journalBytes <= 64 << 20),
                "journal-bytes",
                "0, or 65536 to 67108864");
    }

    /** How many loops there are to be. */
    public int loopCount() {
        return loops > 0 ? loops : loopsFor(Runtime.getRuntime().availableProcessors());
    }

    /**
     * One loop for two processors: the other half is for the kernel's work, the disks' threads and
     * who else runs here, and each loop more is a hand-over between threads for more requests.
     */
    static int loopsFor(int processors) {
        return Math.max(1, processors / 2);
    }

    /**
     * Where clients connect.
     *
     * @param port 0 for any free one
     */
    public record Listener(@DefaultValue("0.0.0.0") String host, @DefaultValue("9092") int port) {
        public Listener {
            require(port >= 0 && port <= 65_535, "listener.port", "0 to 65535");
        }
    }

    /** What clients are told to connect to. */
    public record Advertised(String host, int port) {
        public Advertised {
            require(!host.isBlank(), "advertised.host", "a host name or address");
            require(port > 0 && port <= 65_535, "advertised.port", "1 to 65535");
        }
    }

    /**
     * Bounds of what clients may take.
     *
     * @param maxConnections over all clients
     * @param maxConnectionsPerAddress of one client address
     * @param maxRequestBytes the largest request with records ({@code socket.request.max.bytes})
     * @param maxSmallRequestBytes the largest other request
     * @param maxInFlight unanswered requests of one connection
     * @param maxRequestMemoryBytes requests in memory, over all connections
     * @param maxFetchBytes the largest answer to a fetch ({@code fetch.max.bytes})
     * @param maxColdBytes records read from disk for answers that are in memory at a time
     * @param maxForwarded requests that wait for coordinators at a time
     * @param maxProducerIds idempotent producers remembered, over all partitions
     * @param producerIdExpiration how long a silent one is remembered
     * @param idleTimeout a connection without requests is closed after this
     * @param stallTimeout a client that does not read its answers is closed after this
     */
    public record Limits(
            @DefaultValue("5000") int maxConnections,
            @DefaultValue("4000") int maxConnectionsPerAddress,
            @DefaultValue("104857600") int maxRequestBytes,
            @DefaultValue("8388608") int maxSmallRequestBytes,
            @DefaultValue("128") int maxInFlight,
            @DefaultValue("134217728") long maxRequestMemoryBytes,
            @DefaultValue("57671680") int maxFetchBytes,
            @DefaultValue("67108864") long maxColdBytes,
            @DefaultValue("20000") int maxForwarded,
            @DefaultValue("1000000") int maxProducerIds,
            @DefaultValue("1d") Duration producerIdExpiration,
            @DefaultValue("10m") Duration idleTimeout,
            @DefaultValue("60s") Duration stallTimeout) {
        public Limits {
            require(maxConnections >= 1, "limits.max-connections", "at least 1");
            require(
                    maxConnectionsPerAddress >= 1,
                    "limits.max-connections-per-address",
                    "at least 1");
            require(maxRequestBytes >= 1024, "limits.max-request-bytes", "at least 1024");
            require(
                    maxSmallRequestBytes >= 1024,
                    "limits.max-small-request-bytes",
                    "at least 1024");
            require(maxInFlight >= 1, "limits.max-in-flight", "at least 1");
            require(
                    maxRequestMemoryBytes >= maxRequestBytes,
                    "limits.max-request-memory-bytes",
                    "at least limits.max-request-bytes");
            require(maxFetchBytes >= 1024, "limits.max-fetch-bytes", "at least 1024");
            require(maxColdBytes >= 1024, "limits.max-cold-bytes", "at least 1024");
            require(maxForwarded >= 1, "limits.max-forwarded", "at least 1");
            require(maxProducerIds >= 1, "limits.max-producer-ids", "at least 1");
        }
    }

    /**
     * How logs of topics with {@code cleanup.policy=compact} are compacted.
     *
     * @param dedupeBufferBytes the most memory for the keys of one log ({@code
     *     log.cleaner.dedupe.buffer.size}), never more than an eighth of the heap
     * @param maxBytesPerSecond how much is read and written at most ({@code
     *     log.cleaner.io.max.bytes.per.second})
     * @param backoff how long to wait when nothing is dirty enough ({@code log.cleaner.backoff.ms})
     */
    public record Compaction(
            @DefaultValue("134217728") long dedupeBufferBytes,
            @DefaultValue("9223372036854775807") long maxBytesPerSecond,
            @DefaultValue("15s") Duration backoff) {
        public Compaction {
            require(dedupeBufferBytes >= 1024, "compaction.dedupe-buffer-bytes", "at least 1024");
            require(maxBytesPerSecond >= 1, "compaction.max-bytes-per-second", "at least 1");
            require(
                    !backoff.isNegative() && !backoff.isZero(),
                    "compaction.backoff",
                    "a positive duration");
        }
    }

    /**
     * How what nobody reads is read, so that damage is found and repaired.
     *
     * @param maxBytesPerSecond how much is read at most, 0 for nothing; the broker config {@code
     *     headrace.scrub.max.bytes.per.second} changes it while running
     * @param pause between two rounds over all logs
     */
    public record Scrub(
            @DefaultValue("2097152") long maxBytesPerSecond, @DefaultValue("1h") Duration pause) {
        public Scrub {
            require(maxBytesPerSecond >= 0, "scrub.max-bytes-per-second", "at least 0");
            require(!pause.isNegative(), "scrub.pause", "a duration");
        }
    }

    /**
     * How partitions are kept on several nodes.
     *
     * @param lagTimeMax how long a follower may be behind before it leaves the in-sync replicas
     *     ({@code replica.lag.time.max.ms})
     * @param handOverWait how long a node that stops waits for others to lead what it leads
     */
    public record Replication(
            @DefaultValue("30s") Duration lagTimeMax, @DefaultValue("5s") Duration handOverWait) {
        public Replication {
            require(
                    !lagTimeMax.isNegative() && !lagTimeMax.isZero(),
                    "replication.lag-time-max",
                    "a positive duration");
            require(!handOverWait.isNegative(), "replication.hand-over-wait", "a duration");
        }
    }

    /**
     * When a disk is too slow to lead from.
     *
     * @param flushTime a log directory whose flushes take so long is slow; 0: none ever is
     * @param after about how long they must do so; until it no longer is, six times as long
     */
    public record SlowDisk(
            @DefaultValue("2s") Duration flushTime, @DefaultValue("10s") Duration after) {
        public SlowDisk {
            require(!flushTime.isNegative(), "slow-disk.flush-time", "a duration, or 0");
            require(after.toMillis() >= 10, "slow-disk.after", "a duration from 10ms up");
        }
    }

    /**
     * Membership in the cluster's Hazelcast group, which says who is alive.
     *
     * @param enabled whether to take part
     * @param members {@code host:port} of members to join; none: it is not started, since a member
     *     alone says nothing to anybody
     * @param port the first port to try
     */
    public record Hazelcast(
            @DefaultValue("true") boolean enabled,
            @DefaultValue List<String> members,
            @DefaultValue("5701") int port) {
        public Hazelcast {
            members = List.copyOf(members);
            require(port >= 1 && port <= 65_535, "hazelcast.port", "1 to 65535");
        }
    }

    private static void checkHostPort(String value) {
        int colon = value.lastIndexOf(':');
        boolean valid = colon > 0 && value.substring(colon + 1).matches("\\d{1,5}");
        require(valid, "coordinators", "host:port, not '" + value + "'");
    }

    private static void require(boolean condition, String name, String allowed) {
        if (!condition) {
            throw new IllegalArgumentException("headrace.storage." + name + " must be " + allowed);
        }
    }
}
