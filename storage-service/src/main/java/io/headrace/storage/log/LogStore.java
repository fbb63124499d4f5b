package io.headrace.storage.log;

import io.headrace.storage.diskwatch.FlushSample;
import io.headrace.storage.file.DirectReads;
import io.headrace.storage.file.Directories;
import io.headrace.storage.file.OpenFiles;
import io.headrace.storage.journal.PromiseJournal;
import io.headrace.storage.producer.ProducerIds;
import io.headrace.storage.recovery.DirectoryCheckpoints;
import io.headrace.storage.repair.RepairableLog;
import io.headrace.transport.loop.LoopRound;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * All logs of a node, in one or more directories, each with its own disk, lock, journal and group
 * commit. Methods may be called from any thread; futures complete on the owner loop of the
 * partition they are about.
 */
public final class LogStore implements AutoCloseable {
    static final String DELETED_DIRECTORY = "-delete";
    static final String STRAY_DIRECTORY = "-stray";

    /** Ticks come once a second; time that passes faster is a clock that jumps. */
    private static final long LONGEST_TICK_MS = 60_000;

    private final LogContext context;
    private final List<LogDirectory> directories;
    private final Map<Path, String> failedDirectories;
    private final LogCreation creation;
    private final LogMoves moves;
    private long nextCheckpointMs = Long.MIN_VALUE;
    private long nextRetentionMs = Long.MIN_VALUE;
    private long lastTickMs = Long.MIN_VALUE;
    private boolean closed;

    LogStore(
            LogContext context,
            List<LogDirectory> directories,
            Map<Path, String> failedDirectories) {
        this.context = context;
        this.directories = directories;
        this.failedDirectories = failedDirectories;
        this.creation =
                new LogCreation(
                        context, directories, this::find, id -> remove(id, STRAY_DIRECTORY));
        this.moves = new LogMoves(context);
    }

    /** Hears how far recovery is; called from recovery threads. */
    @FunctionalInterface
    public interface Progress {
        void onRecovered(int done, int total, long readBytes);
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
        return open(properties, runtime, configOf, progress, true);
    }

    /** Like the other, but with group commit run by hand if not {@code startThreads}. */
    static LogStore open(
            LogStoreProperties properties,
            LogRuntime runtime,
            Function<String, LogConfig> configOf,
            Progress progress,
            boolean startThreads)
            throws IOException {
        LogContext context =
                new LogContext(
                        properties,
                        runtime,
                        new OpenFiles(properties.openFilesMax()),
                        new DirectReads(),
                        new ProducerIds(properties.producerIdsMax()));
        List<LogDirectory> opened = new ArrayList<>();
        Map<Path, String> failed = new HashMap<>();
        IOException firstFailure = null;
        for (Path path : properties.logDirs()) {
            try {
                opened.add(LogDirectory.open(path, context));
            } catch (IOException e) {
                failed.put(path, String.valueOf(e.getMessage()));
                if (firstFailure == null) {
                    firstFailure = e;
                } else {
                    firstFailure.addSuppressed(e);
                }
            }
        }
        if (opened.isEmpty() && firstFailure != null) {
            throw firstFailure;
        }
        LogStore store = new LogStore(context, List.copyOf(opened), failed);
        new LogStoreLoader(context, opened, configOf, progress).load(store.moves);
        Executor commits = runtime.commits();
        if (commits != null) {
            opened.forEach(directory -> directory.groupCommit().startOn(commits));
        } else if (startThreads) {
            opened.forEach(directory -> directory.groupCommit().start(properties.flushThreads()));
        } else {
            opened.forEach(directory -> directory.groupCommit().prepareJournal());
        }
        return store;
    }

    /** The directories of the store that could be opened. */
    List<LogDirectory> directories() {
        return directories;
    }

    /** Log directories that could not be opened, and why. */
    public Map<Path, String> failedDirectories() {
        return Map.copyOf(failedDirectories);
    }

    /** Why the last directory went offline; empty while any is in use. */
    public Optional<IOException> offlineCause() {
        return directories.stream().allMatch(LogDirectory::isOffline)
                ? Optional.ofNullable(directories.getLast().offlineCause())
                : Optional.empty();
    }

    /** The ids of the directories in use, for registration. */
    public List<Uuid> directoryIds() {
        return directories.stream().map(LogDirectory::directoryId).toList();
    }

    /** The log of the partition, or null when this node has none (or its directory is offline). */
    public @Nullable PartitionLog find(TopicIdPartition id) {
        for (LogDirectory directory : directories) {
            PartitionLog log = directory.logs().get(id);
            if (log != null && !directory.isOffline()) {
                return log;
            }
        }
        return null;
    }

    /** That log as repair sees it, or null. */
    public @Nullable RepairableLog repairable(TopicIdPartition id) {
        PartitionLog log = find(id);
        return log == null ? null : new LogRepair(log);
    }

    /** All logs that can be used. */
    public Collection<PartitionLog> logs() {
        List<PartitionLog> logs = new ArrayList<>();
        for (LogDirectory directory : directories) {
            if (!directory.isOffline()) {
                logs.addAll(directory.logs().values());
            }
        }
        return logs;
    }

    /**
     * The log of the partition, created on the directory with the fewest logs when there is none. A
     * directory of the same name and another topic id is set aside first.
     */
    public CompletableFuture<PartitionLog> openOrCreate(TopicIdPartition id, LogConfig config) {
        PartitionLog found = find(id);
        if (found != null) {
            CompletableFuture<PartitionLog> ready = new CompletableFuture<>();
            found.loop()
                    .execute(
                            () -> {
                                found.updateConfig(config);
                                ready.complete(found);
                            });
            return ready;
        }
        return creation.create(id, config);
    }

    /**
     * Begins to move a log to another directory: a copy there takes over its batches and then its
     * place. The log's own directory ends a move that has begun. For a partition without a log it
     * is where the log will be made.
     *
     * @param directory one of {@link #describe}, online
     * @return completes when it has begun
     */
    public CompletableFuture<Void> moveTo(TopicIdPartition id, Path directory) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        for (LogDirectory target : directories) {
            if (target.path().equals(directory) && !target.isOffline()) {
                PartitionLog log = find(id);
                if (log == null) {
                    creation.prefer(id.topicPartition(), target);
                    result.complete(null);
                } else {
                    log.loop().execute(() -> moves.move(log, target, result));
                }
                return result;
            }
        }
        result.completeExceptionally(
                Errors.KAFKA_STORAGE_ERROR.exception(directory + " is offline"));
        return result;
    }

    /** How many bytes a second all moves together copy; anything below 1 is no limit. */
    public void limitMovesTo(LongSupplier bytesPerSecond) {
        moves.limitTo(bytesPerSecond);
    }

    /** The directory of a log. */
    static String directoryOf(TopicIdPartition id) {
        return id.topic() + "-" + id.partition();
    }

    /** Renames a log's directory so that it is no log any more; durable. */
    static Path setAside(LogDirectory directory, Path path, String suffix) throws IOException {
        String name = path.getFileName().toString();
        String unique = "." + Uuid.randomUuid().toString().replace("-", "") + suffix;
        String kept = name.substring(0, Math.min(name.length(), 255 - unique.length()));
        Path aside = path.resolveSibling(kept + unique);
        Directories.rename(path, aside);
        Directories.flush(directory.path());
        return aside;
    }

    /** Removes the log from sight at once, and its files after {@code file.delete.delay.ms}. */
    public CompletableFuture<Void> delete(TopicIdPartition id) {
        return remove(id, DELETED_DIRECTORY);
    }

    /** Sets aside, never deletes, every log whose topic is not known any more. */
    public CompletableFuture<Void> setAsideStrays(Predicate<TopicIdPartition> known) {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (PartitionLog log : logs()) {
            if (!known.test(log.id())) {
                all.add(remove(log.id(), STRAY_DIRECTORY));
            }
        }
        return CompletableFuture.allOf(all.toArray(new CompletableFuture<?>[0]));
    }

    private CompletableFuture<Void> remove(TopicIdPartition id, String suffix) {
        LogMove move = moves.of(id);
        if (move != null) {
            return CompletableFuture.runAsync(move::cancel, move.log().loop())
                    .thenCompose(asked -> move.ended())
                    .thenCompose(ended -> remove(id, suffix));
        }
        CompletableFuture<Void> result = new CompletableFuture<>();
        for (LogDirectory directory : directories) {
            PartitionLog log = directory.logs().get(id);
            if (log != null) {
                log.loop().execute(() -> LogRemoval.remove(log, suffix, result));
                return result;
            }
            CompletableFuture<Void> leaving = directory.leaving().get(id);
            if (leaving != null) {
                return leaving;
            }
        }
        result.complete(null);
        return result;
    }

    /** Every directory, its room and its logs' sizes. */
    public List<LogDirDescription> describe() {
        List<LogDirDescription> all = new ArrayList<>();
        for (LogDirectory directory : directories) {
            Map<TopicIdPartition, Long> sizes = new HashMap<>();
            directory.logs().forEach((id, log) -> sizes.put(id, log.sizeInBytes()));
            long total = -1;
            long usable = -1;
            try {
                FileStore store = Files.getFileStore(directory.path());
                total = store.getTotalSpace();
                usable = store.getUsableSpace();
            } catch (IOException e) {
                directory.fail(e);
            }
            all.add(
                    new LogDirDescription(
                            directory.path(),
                            directory.directoryId(),
                            !directory.isOffline(),
                            total,
                            usable,
                            sizes,
                            copiesIn(directory)));
        }
        return all;
    }

    /** The flushes of each working directory since the last call; there is one who asks. */
    public Map<Uuid, FlushSample> takeFlushSamples() {
        Map<Uuid, FlushSample> samples = new HashMap<>();
        for (LogDirectory directory : directories) {
            if (!directory.isOffline()) {
                samples.put(directory.directoryId(), directory.groupCommit().times().take());
            }
        }
        return samples;
    }

    private Map<TopicIdPartition, FutureCopy> copiesIn(LogDirectory directory) {
        Map<TopicIdPartition, FutureCopy> copies = new HashMap<>();
        for (LogMove move : moves.running()) {
            if (move.target() == directory) {
                PartitionLog copy = move.copy();
                long end = copy == null ? 0 : copy.logEndOffset();
                long lag = Math.max(0, move.log().logEndOffset() - end);
                copies.put(move.id(), new FutureCopy(copy == null ? 0 : copy.sizeInBytes(), lag));
            }
        }
        return copies;
    }

    /**
     * Starts whatever is due: retention, rolling by time, checkpoints, removal of files, expiry of
     * producer ids. Call about once a second, always from the same thread; returns at once.
     */
    public void tick(long nowMs) {
        long jumpMs = jumpTo(nowMs);
        boolean checkpointAll = nowMs >= nextCheckpointMs;
        boolean retention = nowMs >= nextRetentionMs;
        if (checkpointAll) {
            nextCheckpointMs = nowMs + context.properties().checkpointInterval().toMillis();
        }
        if (retention) {
            nextRetentionMs = nowMs + context.properties().retentionCheckInterval().toMillis();
        }
        moves.tick(nowMs);
        for (LogDirectory directory : directories) {
            if (directory.isOffline()) {
                continue;
            }
            context.runtime().io().execute(() -> upkeep(directory, nowMs));
            if (checkpointAll
                    || directory.isCheckpointDue(context.properties().checkpointBytes())) {
                checkpoint(directory);
            }
            boolean everyLog = retention || jumpMs != 0;
            LoopRound.begin(
                    everyLog ? directory.logs().values() : directory.awake().listed(),
                    PartitionLog::loop,
                    log -> upkeep(log, retention, nowMs, jumpMs));
        }
    }

    /**
     * By how much the clock jumped since the last tick; 0 when time only passed. What waits for a
     * time of day is due then: the clock may have gone back.
     */
    private long jumpTo(long nowMs) {
        long passedMs = lastTickMs == Long.MIN_VALUE ? 0 : nowMs - lastTickMs;
        lastTickMs = nowMs;
        if (passedMs >= 0 && passedMs <= LONGEST_TICK_MS) {
            return 0;
        }
        nextCheckpointMs = nowMs;
        nextRetentionMs = nowMs;
        return passedMs;
    }

    /** Has every log that has news say what it is good up to, then writes that down. */
    private void checkpoint(LogDirectory directory) {
        directory.onCheckpoint();
        if (directory.roundJournal().isUsed()) {
            context.runtime().io().execute(directory::settleAll);
        }
        List<PartitionLog> logs = directory.awake().listed();
        boolean anyNews = !logs.isEmpty();
        AtomicInteger left = new AtomicInteger(logs.size() + 1); // one more: that all were asked
        Runnable onOne =
                () -> {
                    if (left.decrementAndGet() == 0) {
                        context.runtime().io().execute(() -> directory.checkpoint(anyNews));
                    }
                };
        LoopRound.begin(
                logs,
                PartitionLog::loop,
                log -> log.upkeep().checkpoint().whenComplete((done, failure) -> onOne.run()));
        onOne.run();
    }

    private static void upkeep(LogDirectory directory, long nowMs) {
        try {
            for (Path path : directory.dueRemovals(nowMs)) {
                Directories.deleteTree(path);
            }
            directory.checkRoom();
        } catch (IOException e) {
            directory.onWriteFailed(e);
        }
        directory.runRetries();
    }

    private void upkeep(PartitionLog log, boolean retention, long nowMs, long jumpMs) {
        if (log.isClosed()) {
            log.upkeep().place().end();
            return;
        }
        if (log.isOffline()) {
            return;
        }
        log.upkeep().retry();
        if (jumpMs != 0) {
            log.producerStates().onClockJump(jumpMs);
        }
        long unflushedMs = log.unflushedSinceMs() < 0 ? 0 : nowMs - log.unflushedSinceMs();
        if (!log.isFsync() && unflushedMs >= log.config().flushMs() && unflushedMs > 0) {
            log.flusher().request();
        }
        if (retention) {
            log.producerStates()
                    .expire(nowMs - context.properties().producerIdExpiration().toMillis());
            LogRetention.run(log, nowMs);
            log.upkeep().place().ask(); // what others append makes its index be forgotten, too
        }
    }

    /**
     * Shuts down cleanly: flushes every log, writes snapshots, checkpoints and the marker that
     * saves the next start a scan. Blocks. The owner loops must still run, and appends must have
     * ended.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        moves.close();
        for (LogDirectory directory : directories) {
            directory.end(directory.closeLogs().join());
        }
    }

    /**
     * As {@link #close()}, for whoever cannot wait; no replica is being moved.
     *
     * @param blocking where the last steps run
     */
    public CompletableFuture<Void> close(Executor blocking) {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        if (!closed) {
            closed = true;
            for (LogDirectory directory : directories) {
                all.add(directory.closeLogs().thenAcceptAsync(directory::end, blocking));
            }
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new));
    }

    /** What recovery keys promises by. */
    static PromiseJournal.Key journalKey(TopicIdPartition id) {
        return new PromiseJournal.Key(id.topicId(), id.partition());
    }

    /** What recovery keys offsets by. */
    static String nameOf(TopicIdPartition id) {
        return DirectoryCheckpoints.nameOf(id.topic(), id.partition());
    }
}
