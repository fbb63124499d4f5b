package io.headrace.storage.log;

import io.headrace.storage.commit.SharedWrites;
import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.recovery.DirectoryMetadata;
import io.headrace.storage.segment.SegmentFiles;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The directory of a new log with its topic's id and an empty first segment. Made under another
 * name, so that a crash leaves no log without its topic id.
 */
final class NewLogDirectory implements SharedWrites.Write {
    private final Path path;
    private final Path fresh;
    private final TopicIdPartition id;
    private final Preparation setAside;
    private final Consumer<@Nullable IOException> whenDone;

    /** Moves away what has the name. */
    @FunctionalInterface
    interface Preparation {
        void run() throws IOException;
    }

    NewLogDirectory(
            Path logs,
            String name,
            TopicIdPartition id,
            Preparation setAside,
            Consumer<@Nullable IOException> whenDone) {
        this.path = logs.resolve(name);
        // Without the topic's name, which may fill a file name by itself.
        this.fresh =
                logs.resolve(
                        id.topicId()
                                + "-"
                                + id.partition()
                                + "."
                                + Integer.toHexString(name.hashCode())
                                + ".new");
        this.id = id;
        this.setAside = setAside;
        this.whenDone = whenDone;
    }

    @Override
    public void prepare() throws IOException {
        Directories.deleteTree(fresh);
        Files.createDirectory(fresh);
        DirectoryMetadata.prepareTopicId(fresh, id.topicId());
        LogFile.create(SegmentFiles.path(fresh, 0, SegmentFiles.LOG)).release();
    }

    @Override
    public void flushPrepared() throws IOException {
        DirectoryMetadata.flushTopicId(fresh, id.topicId());
        Directories.flush(fresh);
    }

    @Override
    public void publish() throws IOException {
        setAside.run();
        Directories.rename(fresh, path);
    }

    @Override
    public Path publishedIn() {
        return Directories.parentOf(path);
    }

    @Override
    public void done(@Nullable IOException failure) {
        if (failure != null) {
            try {
                Directories.deleteTree(fresh); // on a full disk its bytes are wanted
            } catch (IOException e) {
                failure.addSuppressed(e);
            }
        }
        whenDone.accept(failure);
    }
}
