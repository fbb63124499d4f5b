package io.headrace.storage.recovery;

import io.headrace.storage.file.Directories;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Properties;
import java.util.function.Supplier;

/**
 * Small identity files: {@code meta.properties} of a log directory, {@code partition.metadata} of a
 * log.
 */
public final class DirectoryMetadata {
    private static final String META_FILE = "meta.properties";
    private static final String PARTITION_FILE = "partition.metadata";
    private static final int SIZE_MAX_BYTES = 1 << 16;

    private DirectoryMetadata() {}

    /**
     * Checks that a log directory is this cluster's and node's, or makes a new one so.
     *
     * @return the directory's id
     * @throws IOException when it belongs to another; nothing is changed then
     */
    public static Uuid check(
            Path directory, String clusterId, int nodeId, Supplier<Uuid> newDirectoryId)
            throws IOException {
        Path file = directory.resolve(META_FILE);
        byte[] content = Directories.readIfExists(file, SIZE_MAX_BYTES);
        if (content == null) {
            Uuid directoryId = newDirectoryId.get();
            Directories.replace(
                    file,
                    "version=1\ncluster.id="
                            + clusterId
                            + "\nnode.id="
                            + nodeId
                            + "\ndirectory.id="
                            + directoryId
                            + "\n");
            return directoryId;
        }
        Properties properties = new Properties();
        properties.load(new ByteArrayInputStream(content));
        require(directory, "cluster", clusterId, properties.getProperty("cluster.id"));
        require(directory, "node", Integer.toString(nodeId), properties.getProperty("node.id"));
        String directoryId = properties.getProperty("directory.id");
        if (directoryId == null) {
            throw new IOException(file + " names no directory.id: restore the file");
        }
        return Uuid.fromString(directoryId);
    }

    private static void require(Path directory, String what, String wanted, @Nullable String found)
            throws IOException {
        if (!wanted.equals(found)) {
            throw new IOException(
                    "Log directory "
                            + directory
                            + " belongs to "
                            + what
                            + " "
                            + found
                            + ", not to "
                            + wanted
                            + ": choose another directory, or start the one it belongs to");
        }
    }

    /** Names the topic of a log's directory; durable with {@link #flushTopicId}. */
    public static void prepareTopicId(Path logDirectory, Uuid topicId) throws IOException {
        Directories.replaceUnflushed(logDirectory.resolve(PARTITION_FILE), topicIdContent(topicId));
    }

    /** Waits until the device has the topic's name; its entry needs a flush of the directory. */
    public static void flushTopicId(Path logDirectory, Uuid topicId) throws IOException {
        Directories.flushFile(logDirectory.resolve(PARTITION_FILE), topicIdContent(topicId).length);
    }

    private static byte[] topicIdContent(Uuid topicId) {
        return ("version: 0\ntopic_id: " + topicId).getBytes(StandardCharsets.UTF_8);
    }

    /** The topic of a log's directory, or null when it is not told. */
    public static @Nullable Uuid readTopicId(Path logDirectory) throws IOException {
        byte[] content =
                Directories.readIfExists(logDirectory.resolve(PARTITION_FILE), SIZE_MAX_BYTES);
        if (content == null) {
            return null;
        }
        for (String line : new String(content, StandardCharsets.UTF_8).split("\n", -1)) {
            if (line.startsWith("topic_id: ")) {
                try {
                    return Uuid.fromString(line.substring("topic_id: ".length()).trim());
                } catch (IllegalArgumentException e) {
                    return null;
                }
            }
        }
        return null;
    }
}
