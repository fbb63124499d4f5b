package io.headrace.storage.compaction;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.TextCheckpoint;

import org.apache.kafka.common.TopicPartition;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Up to which offset each log of a directory is clean: the file {@code cleaner-offset-checkpoint},
 * in Kafka's form. Losing it costs a pass over everything, no more. Confined to the compaction
 * thread.
 */
final class CleanerCheckpoint {
    static final String FILE = "cleaner-offset-checkpoint";

    private final Path file;
    private final Map<TopicPartition, Long> firstDirtyOffsets = new HashMap<>();

    private CleanerCheckpoint(Path file) {
        this.file = file;
    }

    /** Reads the file of a log directory; one that is missing or damaged counts as empty. */
    static CleanerCheckpoint load(Path logDir) throws IOException {
        CleanerCheckpoint checkpoint = new CleanerCheckpoint(logDir.resolve(FILE));
        List<String[]> lines = TextCheckpoint.readIfWhole(checkpoint.file, 3);
        if (lines != null) {
            for (String[] line : lines) {
                try {
                    checkpoint.firstDirtyOffsets.put(
                            new TopicPartition(line[0], Integer.parseInt(line[1])),
                            Long.parseLong(line[2]));
                } catch (NumberFormatException e) {
                    checkpoint.firstDirtyOffsets.clear();
                    return checkpoint;
                }
            }
        }
        return checkpoint;
    }

    /** Where the next pass starts, -1 if there was none. */
    long firstDirtyOffset(TopicPartition partition) {
        return firstDirtyOffsets.getOrDefault(partition, -1L);
    }

    /** Notes where a pass ended; durable when this returns. */
    void put(TopicPartition partition, long firstDirtyOffset) throws IOException {
        firstDirtyOffsets.put(partition, firstDirtyOffset);
        store();
    }

    /** Forgets a log that is gone, so that one of the same name starts anew. */
    void remove(TopicPartition partition) throws IOException {
        if (firstDirtyOffsets.remove(partition) != null) {
            store();
        }
    }

    private void store() throws IOException {
        List<String> lines = new ArrayList<>(firstDirtyOffsets.size());
        firstDirtyOffsets.forEach(
                (partition, offset) ->
                        lines.add(partition.topic() + " " + partition.partition() + " " + offset));
        Directories.replace(file, TextCheckpoint.encode(lines));
    }
}
