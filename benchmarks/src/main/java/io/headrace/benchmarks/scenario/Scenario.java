package io.headrace.benchmarks.scenario;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One cell: a load and the topic it is put on.
 *
 * @param name as it is asked for on the command line
 * @param fsync whether the platform's topics keep its default, fsync before acknowledgement;
 *     otherwise page cache, as Kafka
 * @param nodes storage nodes, each with a replica of every partition
 * @param rate records a second, 0 for as many as go
 * @param client settings of librdkafka
 * @param topic configs of the topic that both sides know
 */
public record Scenario(
        String name,
        Kind kind,
        boolean fsync,
        int recordBytes,
        int partitions,
        int nodes,
        int producers,
        boolean keys,
        long rate,
        Map<String, String> client,
        Map<String, String> topic) {

    /** What is done. */
    public enum Kind {
        /** librdkafka produces as fast as it can. */
        PRODUCE(true),
        /** Kafka's own producer tool, then our Java client. */
        PRODUCE_JAVA(true),
        /** librdkafka reads what was just written. */
        CONSUME_WARM(false),
        /** librdkafka reads after a restart, with the files out of the page cache. */
        CONSUME_COLD(false),
        /** librdkafka reads a backlog while another client goes on producing. */
        DRAIN(false),
        /** Records at fixed times, timed from when they were due to when they are read. */
        LATENCY(false),
        /** wrk posts single records, then a hundred records a request. */
        HTTP(false),
        /** WebSocket subscribers that each get every record. */
        FAN_OUT(false),
        /**
         * Nothing happens on many partitions; then, on one node, 500 consumers wait for records
         * there while another topic has load; of several nodes one is killed.
         */
        IDLE(false),
        /**
         * Producers and a reader as fast as they can, on a storage node that is a process of its
         * own; fails when that took more memory than it may.
         */
        MEMORY(false),
        /** From a start to the first acknowledged record: when empty, and after kill -9. */
        RESTART(false);

        private final boolean hasFloor;

        Kind(boolean hasFloor) {
            this.hasFloor = hasFloor;
        }

        /** Whether the floor program can take this load. */
        public boolean hasFloor() {
            return hasFloor;
        }

        /** Whether Kafka can: it has no HTTP. */
        public boolean hasPeer() {
            return this != HTTP && this != FAN_OUT;
        }
    }

    static Scenario produce(String name, int recordBytes, int partitions) {
        return of(name, Kind.PRODUCE, recordBytes, partitions);
    }

    static Scenario of(String name, Kind kind, int recordBytes, int partitions) {
        return new Scenario(
                name, kind, false, recordBytes, partitions, 1, 1, false, 0, Map.of(), Map.of());
    }

    Scenario withFsync() {
        return with(draft -> draft.fsync = true);
    }

    Scenario withNodes(int count) {
        return with(draft -> draft.nodes = count);
    }

    Scenario withProducers(int count) {
        return with(draft -> draft.producers = count);
    }

    Scenario withKeys() {
        return with(draft -> draft.keys = true);
    }

    Scenario withRate(long perSecond) {
        return with(draft -> draft.rate = perSecond);
    }

    Scenario withClient(String setting, String value) {
        return with(draft -> draft.client.put(setting, value));
    }

    Scenario withTopic(String config, String value) {
        return with(draft -> draft.topic.put(config, value));
    }

    private Scenario with(Consumer<Draft> change) {
        Draft draft = new Draft(this);
        change.accept(draft);
        return new Scenario(
                name,
                kind,
                draft.fsync,
                recordBytes,
                partitions,
                draft.nodes,
                draft.producers,
                draft.keys,
                draft.rate,
                draft.client,
                draft.topic);
    }

    /** What may still be changed of a cell, of which there is always a whole one. */
    private static final class Draft {
        final Map<String, String> client;
        final Map<String, String> topic;
        boolean fsync;
        int nodes;
        int producers;
        boolean keys;
        long rate;

        Draft(Scenario from) {
            client = new LinkedHashMap<>(from.client);
            topic = new LinkedHashMap<>(from.topic);
            fsync = from.fsync;
            nodes = from.nodes;
            producers = from.producers;
            keys = from.keys;
            rate = from.rate;
        }
    }

    /** What it is, in one line. */
    public String describe() {
        StringBuilder text = new StringBuilder(name).append(": ").append(kind);
        text.append(", ").append(recordBytes).append(" B, ").append(partitions);
        text.append(partitions == 1 ? " partition" : " partitions");
        if (nodes > 1) {
            text.append(" on ").append(nodes).append(" nodes, replication factor ").append(nodes);
        }
        if (producers > 1) {
            text.append(", ").append(producers).append(" producers");
        }
        if (keys) {
            text.append(", with keys");
        }
        if (rate > 0) {
            text.append(", ").append(rate).append(" records/s");
        }
        if (!client.isEmpty()) {
            text.append(", ").append(client);
        }
        if (!topic.isEmpty()) {
            text.append(", topic ").append(topic);
        }
        return text.append(fsync ? ", our default (fsync)" : ", page cache").toString();
    }
}
