package io.headrace.benchmarks.scenario;

import io.headrace.benchmarks.scenario.Scenario.Kind;

import java.util.List;
import java.util.Optional;

/** The fixed table of cells. Producers use acks=all unless a cell says otherwise. */
public final class Scenarios {
    /** In the order in which they run. */
    public static final List<Scenario> ALL =
            List.of(
                    Scenario.produce("produce-100b", 100, 6),
                    Scenario.produce("produce-1k", 1024, 6),
                    Scenario.produce("produce-64k", 65_536, 6),
                    Scenario.produce("produce-100b-fsync", 100, 6).withFsync(),
                    Scenario.produce("produce-1k-fsync", 1024, 6).withFsync(),
                    Scenario.of("produce-java", Kind.PRODUCE_JAVA, 100, 6),
                    Scenario.of("produce-java-fsync", Kind.PRODUCE_JAVA, 100, 6).withFsync(),
                    Scenario.produce("produce-50-zstd", 1024, 100)
                            .withProducers(50)
                            .withClient("compression.codec", "zstd"),
                    Scenario.produce("produce-1000p-snappy", 1024, 1000)
                            .withClient("compression.codec", "snappy"),
                    Scenario.produce("produce-1p-acks1-gzip", 1024, 1)
                            .withClient("compression.codec", "gzip")
                            .withClient("acks", "1"),
                    Scenario.produce("produce-retention", 1024, 6)
                            .withFsync()
                            .withKeys()
                            .withClient("compression.codec", "lz4")
                            .withTopic("segment.bytes", "16777216")
                            .withTopic("cleanup.policy", "compact,delete")
                            .withTopic("retention.bytes", "67108864"),
                    Scenario.of("consume", Kind.CONSUME_WARM, 100, 6),
                    Scenario.of("consume-cold", Kind.CONSUME_COLD, 1024, 6),
                    Scenario.of("drain", Kind.DRAIN, 1024, 6).withRate(20_000),
                    latency("latency", 1),
                    latency("latency-fsync", 1).withFsync(),
                    latency("latency-rf3", 3),
                    latency("latency-rf3-fsync", 3).withFsync(),
                    Scenario.of("http", Kind.HTTP, 100, 6),
                    Scenario.of("fan-out", Kind.FAN_OUT, 100, 6).withRate(1000),
                    Scenario.of("idle-10000p", Kind.IDLE, 100, 10_000).withFsync(),
                    Scenario.of("idle-10000p-rf3", Kind.IDLE, 100, 10_000).withNodes(3).withFsync(),
                    Scenario.of("memory-512mb", Kind.MEMORY, 1024, 1000)
                            .withProducers(50)
                            .withFsync(),
                    Scenario.of("restart-5gb", Kind.RESTART, 1024, 1000).withFsync());

    private Scenarios() {}

    private static Scenario latency(String name, int nodes) {
        return Scenario.of(name, Kind.LATENCY, 1024, 6)
                .withNodes(nodes)
                .withClient("linger.ms", "0");
    }

    public static Optional<Scenario> named(String name) {
        return ALL.stream().filter(scenario -> scenario.name().equals(name)).findFirst();
    }
}
