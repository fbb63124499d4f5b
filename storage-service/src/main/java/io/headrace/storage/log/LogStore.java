package io.headrace.storage.log;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * All logs of a node, in one or more directories, each with its own disk, lock, journal and group
 * commit. Methods may be called from any thread; futures complete on the owner loop of the
 * partition they are about.
 */
public final class LogStore implements AutoCloseable {
    private LogStore() {}

    /** Hears how far recovery is; called from recovery threads. */
    @FunctionalInterface
    public interface Progress {
        void onRecovered(int done, int total);
    }

    /**
     * Locks the directories and recovers every log in them: blocks until all can be used. A
     * directory that fails is offline; when all fail, so does this.
     *
     * @param configOf the configuration of a topic as far as it is known now; {@link
     *     PartitionLog#updateConfig} corrects it later
     * @throws IOException when no directory can be used: locked by another process, of another
     *     cluster or node, not writable; the message says which and what to do
     */
    public static LogStore open(
            LogStoreProperties properties,
            LogRuntime runtime,
            Function<String, LogConfig> configOf,
            Progress progress)
            throws IOException {
        throw new UnsupportedOperationException("not built yet");
    }

    /** The log of the partition, or null when this node has none (or its directory is offline). */
    public @Nullable PartitionLog find(TopicIdPartition id) {
        throw new UnsupportedOperationException("not built yet");
    }

    /** All logs that can be used. */
    public Collection<PartitionLog> logs() {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * The log of the partition, created on the directory with the fewest logs when there is none. A
     * directory of the same name and another topic id is set aside first.
     */
    public CompletableFuture<PartitionLog> openOrCreate(TopicIdPartition id, LogConfig config) {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Removes the log from sight at once, and its files after {@code file.delete.delay.ms}. */
    public CompletableFuture<Void> delete(TopicIdPartition id) {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Sets aside, never deletes, every log whose topic is not known any more. */
    public CompletableFuture<Void> setAsideStrays(Predicate<TopicIdPartition> known) {
        throw new UnsupportedOperationException("not built yet");
    }

    /** Every directory, its room and its logs' sizes. */
    public List<LogDirDescription> describe() {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Starts whatever is due: retention, rolling by time, checkpoints, removal of files, expiry of
     * producer ids. Call about once a second; returns at once.
     */
    public void tick(long nowMs) {
        throw new UnsupportedOperationException("not built yet");
    }

    /**
     * Shuts down cleanly: flushes every log, writes snapshots, checkpoints and the marker that
     * saves the next start a scan. Blocks. The owner loops must still run, and appends must have
     * ended.
     */
    @Override
    public void close() {
        throw new UnsupportedOperationException("not built yet");
    }
}
