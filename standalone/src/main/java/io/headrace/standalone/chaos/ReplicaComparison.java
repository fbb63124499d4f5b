package io.headrace.standalone.chaos;

import io.headrace.testkit.history.Violation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Compares the record files of all replicas, node by node, once the cluster is down: where two have
 * a batch at one offset it must be the same batch, byte by byte.
 *
 * <p>A batch is {@code baseOffset i64 | length i32 | ...}, as in Kafka's format version 2.
 */
final class ReplicaComparison {
    private static final int HEADER_BYTES = 12;
    private static final int SMALLEST_BATCH = 49;

    private final String topic;
    private final List<Violation> violations = new ArrayList<>();

    ReplicaComparison(String topic) {
        this.topic = topic;
    }

    /** Compares the data directories of nodes, by their names. */
    List<Violation> compare(Map<String, Path> dataOfNodes) throws IOException {
        Map<String, Map<String, Map<Long, Long>>> partitions = new TreeMap<>();
        for (Map.Entry<String, Path> node : dataOfNodes.entrySet()) {
            for (Path directory : partitionsIn(node.getValue())) {
                partitions
                        .computeIfAbsent(directory.getFileName().toString(), key -> new TreeMap<>())
                        .put(node.getKey(), batches(directory));
            }
        }
        partitions.forEach(this::compareReplicas);
        return List.copyOf(violations);
    }

    private List<Path> partitionsIn(Path data) throws IOException {
        try (Stream<Path> entries = Files.list(data)) {
            return entries.filter(
                            entry ->
                                    entry.getFileName()
                                            .toString()
                                            .matches(topic.replace(".", "\\.") + "-\\d+"))
                    .sorted()
                    .toList();
        }
    }

    private void compareReplicas(String partition, Map<String, Map<Long, Long>> replicas) {
        List<String> nodes = List.copyOf(replicas.keySet());
        String first = nodes.getFirst();
        for (String other : nodes.subList(1, nodes.size())) {
            Map<Long, Long> ours = replicas.getOrDefault(first, Map.of());
            Map<Long, Long> theirs = replicas.getOrDefault(other, Map.of());
            new TreeMap<>(ours)
                    .forEach(
                            (offset, checksum) -> {
                                Long there = theirs.get(offset);
                                if (there != null && !there.equals(checksum)) {
                                    violations.add(
                                            new Violation.Diverging(
                                                    partition, first, other, offset));
                                }
                            });
        }
    }

    /** The checksum of each whole batch by its base offset. */
    private static Map<Long, Long> batches(Path directory) throws IOException {
        Map<Long, Long> found = new HashMap<>();
        List<Path> logs;
        try (Stream<Path> files = Files.list(directory)) {
            logs = files.filter(file -> file.toString().endsWith(".log")).sorted().toList();
        }
        for (Path log : logs) {
            byte[] bytes = Files.readAllBytes(log);
            ByteBuffer content = ByteBuffer.wrap(bytes);
            int at = 0;
            while (at + HEADER_BYTES <= bytes.length) {
                int length = content.getInt(at + Long.BYTES);
                int end = at + HEADER_BYTES + length;
                if (length < SMALLEST_BATCH || end < 0 || end > bytes.length) {
                    break; // preallocated or torn: the end of the log
                }
                CRC32C checksum = new CRC32C();
                checksum.update(Arrays.copyOfRange(bytes, at, end));
                found.put(content.getLong(at), checksum.getValue());
                at = end;
            }
        }
        return found;
    }
}
