package io.headrace.storage.log;

import io.headrace.storage.commit.GroupCommit;
import io.headrace.storage.commit.SharedWrites;
import io.headrace.storage.file.Directories;
import io.headrace.storage.file.DirectoryLock;
import io.headrace.storage.file.NoSpace;
import io.headrace.storage.journal.PromiseJournal;
import io.headrace.storage.journal.RoundJournal;
import io.headrace.storage.recovery.CheckpointsOnDisk;
import io.headrace.storage.recovery.DirectoryCheckpoints;
import io.headrace.storage.recovery.DirectoryMetadata;
import io.headrace.transport.loop.Roster;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One log directory, on one disk: its lock, journal, group commit, warm window, checkpoints and
 * logs. Safe for use by several threads.
 */
final class LogDirectory {
    private static final long RESERVE_MAX_BYTES = 512 << 20;
    private static final long RESERVE_SHARE = 20;
    private static final int JOURNAL_MIN_BYTES = 64 << 10;
    private static final long JOURNAL_SHARE = 256;
    private static final Comparator<DirectoryCheckpoints.Line> BY_PARTITION =
            Comparator.<DirectoryCheckpoints.Line, Uuid>comparing(line -> line.id().topicId())
                    .thenComparingInt(line -> line.id().partition());

    private final Path path;
    private final Uuid directoryId;
    private final DirectoryLock lock;
    private final PromiseJournal journal;
    private final RoundJournal roundJournal;
    private final GroupCommit groupCommit;
    private final SharedWrites sharedWrites;
    private final WarmWindow warmWindow;
    private final DirectoryCheckpoints checkpoints;
    private final CheckpointsOnDisk onDisk = new CheckpointsOnDisk();
    private final String bootId;
    private final Map<TopicIdPartition, PartitionLog> logs = new ConcurrentHashMap<>();
    private final Map<TopicIdPartition, CompletableFuture<Void>> leaving =
            new ConcurrentHashMap<>();
    private final Roster<PartitionLog> awake = new Roster<>();
    private final PriorityBlockingQueue<Removal> removals = new PriorityBlockingQueue<>();
    private final Queue<Runnable> retries = new ConcurrentLinkedQueue<>();
    private final AtomicInteger planned = new AtomicInteger();
    private volatile @Nullable IOException offlineCause;
    private volatile boolean full;
    private @Nullable List<DirectoryCheckpoints.Line> lastWritten;

    private boolean isDurable;
    private long bytesAtCheckpoint;

    /** Something to remove from the disk later. */
    record Removal(long dueMs, List<Path> paths) implements Comparable<Removal> {
        @Override
        public int compareTo(Removal other) {
            return Long.compare(dueMs, other.dueMs);
        }
    }

    private LogDirectory(
            Path path,
            Uuid directoryId,
            DirectoryLock lock,
            PromiseJournal journal,
            RoundJournal roundJournal,
            LogContext context) {
        this.path = path;
        this.directoryId = directoryId;
        this.lock = lock;
        this.journal = journal;
        this.roundJournal = roundJournal;
        this.groupCommit =
                new GroupCommit(path, journal, roundJournal, this::fail, this::onWriteFailed);
        this.sharedWrites = new SharedWrites(path, context.runtime().io());
        this.warmWindow = new WarmWindow(context.properties().warmBytes());
        this.checkpoints = new DirectoryCheckpoints(path);
        this.bootId = context.runtime().bootId().get();
    }

    /** Takes a directory into use. */
    static LogDirectory open(Path path, LogContext context) throws IOException {
        Directories.create(path);
        DirectoryLock lock = DirectoryLock.acquire(path);
        try {
            Uuid directoryId =
                    DirectoryMetadata.check(
                            path,
                            context.properties().clusterId(),
                            context.properties().nodeId(),
                            () ->
                                    new Uuid(
                                            context.runtime().random().nextLong(),
                                            context.runtime().random().nextLong()));
            PromiseJournal journal = PromiseJournal.open(path);
            try {
                RoundJournal roundJournal =
                        RoundJournal.open(
                                path,
                                journal,
                                journalBytes(path, context.properties().journalBytes()),
                                () -> context.runtime().random().nextLong(),
                                () -> LogStoreLoader.pathsIn(path));
                return new LogDirectory(path, directoryId, lock, journal, roundJournal, context);
            } catch (IOException | RuntimeException e) {
                journal.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** A small disk has a small journal. */
    private static int journalBytes(Path path, int wanted) throws IOException {
        long share = Files.getFileStore(path).getTotalSpace() / JOURNAL_SHARE;
        return wanted == 0 ? 0 : Math.clamp(share, JOURNAL_MIN_BYTES, wanted);
    }

    Path path() {
        return path;
    }

    Uuid directoryId() {
        return directoryId;
    }

    PromiseJournal journal() {
        return journal;
    }

    RoundJournal roundJournal() {
        return roundJournal;
    }

    /** See {@link RoundJournal#settle}. */
    void settle(PromiseJournal.Key key) throws IOException {
        roundJournal.settle(key);
    }

    GroupCommit groupCommit() {
        return groupCommit;
    }

    SharedWrites sharedWrites() {
        return sharedWrites;
    }

    WarmWindow warmWindow() {
        return warmWindow;
    }

    DirectoryCheckpoints checkpoints() {
        return checkpoints;
    }

    String bootId() {
        return bootId;
    }

    /** By their partitions; {@link #add} is the one way to get in. */
    Map<TopicIdPartition, PartitionLog> logs() {
        return logs;
    }

    /** Takes a log into use. */
    void add(PartitionLog log) {
        logs.put(log.id(), log);
        awake.add(log);
    }

    /** The logs that the store's ticks look at. */
    Roster<PartitionLog> awake() {
        return awake;
    }

    /** Logs that are out of sight, until their directories are, too. */
    Map<TopicIdPartition, CompletableFuture<Void>> leaving() {
        return leaving;
    }

    boolean isOffline() {
        return offlineCause != null;
    }

    @Nullable IOException offlineCause() {
        return offlineCause;
    }

    /** Whether so little room is left that nobody may fill it further. Any thread. */
    boolean isFull() {
        return full;
    }

    /** Looks how much room there is; once full, it takes half as much again to be so no more. */
    void checkRoom() throws IOException {
        FileStore store = Files.getFileStore(path);
        long reserve = Math.min(RESERVE_MAX_BYTES, store.getTotalSpace() / RESERVE_SHARE);
        long usable = store.getUsableSpace();
        boolean was = full;
        full = usable < (was ? reserve + reserve / 2 : reserve);
        if (full != was) {
            System.getLogger(LogDirectory.class.getName())
                    .log(
                            full ? System.Logger.Level.ERROR : System.Logger.Level.INFO,
                            full
                                    ? "The disk of {0} is nearly full ({1} bytes left): records are"
                                            + " refused until there is room"
                                    : "The disk of {0} has room again: {1} bytes",
                            path,
                            usable);
        }
    }

    /**
     * A write failed. If it found no space nothing is broken, and the caller does it again later;
     * until there is room, nobody may fill the disk further. Anything else fails the directory.
     *
     * @return whether to do it again
     */
    boolean onWriteFailed(IOException cause) {
        if (!NoSpace.isCauseOf(cause)) {
            fail(cause);
            return false;
        }
        if (!full) {
            full = true;
            System.getLogger(LogDirectory.class.getName())
                    .log(System.Logger.Level.ERROR, "The disk of " + path + " is full", cause);
        }
        return true;
    }

    /** Has what found no space done again at the next tick, on an I/O thread. */
    void retryLater(Runnable task) {
        retries.add(task);
    }

    /** Does again what found no space; whoever finds none again comes back by itself. */
    void runRetries() {
        groupCommit.retry();
        for (int left = retries.size(); left > 0; left--) {
            Runnable task = retries.poll();
            if (task != null) {
                task.run();
            }
        }
    }

    /**
     * Sees to it that a log to be made is not measured by what an earlier one of the same id has
     * promised: one that was set aside, or whose removal a crash cut short. Durable.
     */
    void forgetPromiseOf(TopicIdPartition id) throws IOException {
        PromiseJournal.Key key = LogStore.journalKey(id);
        settle(key); // which raises it
        if (journal.mayHold(key)) {
            journal.promise(Map.of(key, -1L));
        }
    }

    /** Takes back what a log that is no more, or promises nothing any more, has promised. */
    void takeBackPromise(PartitionLog log) {
        try {
            settle(log.journalKey()); // which raises it
            journal.promise(Map.of(log.journalKey(), -1L));
        } catch (IOException e) {
            if (onWriteFailed(e)) {
                retryLater(
                        () -> {
                            PartitionLog now = logs.get(log.id());
                            if (now == null || (now == log && !log.isFsync())) {
                                takeBackPromise(log);
                            }
                        });
            }
        }
    }

    /** The disk failed: nothing in this directory is used any more, until the node restarts. */
    void fail(IOException cause) {
        synchronized (this) {
            if (offlineCause != null) {
                return;
            }
            offlineCause = cause;
        }
        System.getLogger(LogDirectory.class.getName())
                .log(
                        System.Logger.Level.ERROR,
                        "Log directory " + path + " failed and is offline until a restart",
                        cause);
        for (PartitionLog log : logs.values()) {
            log.loop().execute(() -> log.listener().onOffline(log, cause));
        }
    }

    /** Whether much was appended since the last checkpoint. On the thread that ticks. */
    boolean isCheckpointDue(long checkpointBytes) {
        return warmWindow.appendedBytes() - bytesAtCheckpoint >= checkpointBytes;
    }

    /** A checkpoint begins. On the thread that ticks. */
    void onCheckpoint() {
        bytesAtCheckpoint = warmWindow.appendedBytes();
    }

    /** So that recovery points move on though little is written, and a restart has little to do. */
    void settleAll() {
        try {
            roundJournal.settleAll();
        } catch (IOException e) {
            onWriteFailed(e);
        }
    }

    /**
     * Writes what every log last published, durably; a failure is the directory's. Blocks.
     *
     * @param anyNews false if no log had anything to say since the last time
     */
    void checkpoint(boolean anyNews) {
        try {
            if (anyNews || !isAllWritten()) {
                writeCheckpoints(true);
            }
        } catch (IOException e) {
            onWriteFailed(e);
        }
    }

    private synchronized boolean isAllWritten() {
        return isDurable && lastWritten != null && lastWritten.size() == logs.size();
    }

    /** Writes what every log last published. Blocks. */
    synchronized void writeCheckpoints(boolean durable) throws IOException {
        if (isOffline()) {
            return;
        }
        List<DirectoryCheckpoints.Line> lines = new ArrayList<>(logs.size());
        for (PartitionLog log : logs.values()) {
            CheckpointState state = log.upkeep().published();
            lines.add(
                    new DirectoryCheckpoints.Line(
                            log.id(),
                            state.recoveryPoint(),
                            state.logStartOffset(),
                            state.highWatermark(),
                            state.lostFromOffset(),
                            state.verified()));
        }
        lines.sort(BY_PARTITION);
        boolean mustLast = durable && !isDurable;
        if (!lines.equals(lastWritten) || mustLast) {
            onDisk.onWriting(lines);
            lastWritten = null; // until they are all there
            checkpoints.write(bootId, lines, durable);
            lastWritten = lines;
            isDurable = durable;
            if (durable) {
                onDisk.onDurable(lines);
            }
        }
    }

    /** How many logs there are and are being made. */
    int plannedLogs() {
        return logs.size() + planned.get();
    }

    void planLog() {
        planned.incrementAndGet();
    }

    /** The log that was planned is there, or will not be. */
    void endPlan() {
        planned.decrementAndGet();
    }

    /**
     * Makes sure that no checkpoint of an earlier log of that name is left, which would lend the
     * new one its offsets. To be called before the new one has its name.
     */
    synchronized void forgetCheckpointOf(TopicIdPartition id) throws IOException {
        if (onDisk.mayName(id)) {
            writeCheckpoints(true);
        }
    }

    /**
     * Makes sure that no checkpoint says more of a log than what a cut leaves of it: a loss of
     * power, or a kill, would lend it to what is appended then. To be called before the cut, when
     * the log publishes no more than that.
     *
     * @param endOffset where the log will end
     * @param verifiedOffset the point that the cut leaves verified, -1 when there is none
     */
    synchronized void forgetAbove(TopicIdPartition id, long endOffset, long verifiedOffset)
            throws IOException {
        if (onDisk.mayExceed(id, endOffset, verifiedOffset)) {
            writeCheckpoints(true);
        }
    }

    void removeLater(Removal removal) {
        removals.add(removal);
    }

    /** What is due for removal, taken off the list. */
    List<Path> dueRemovals(long nowMs) {
        List<Path> due = new ArrayList<>();
        Removal next = removals.peek();
        while (next != null && next.dueMs() <= nowMs && removals.remove(next)) {
            due.addAll(next.paths());
            next = removals.peek();
        }
        return due;
    }

    /** Closes its logs; answers whether all of them could be. */
    CompletableFuture<Boolean> closeLogs() {
        List<CompletableFuture<Void>> all = new ArrayList<>();
        for (PartitionLog log : logs().values()) {
            CompletableFuture<Void> one = new CompletableFuture<>();
            all.add(one);
            log.loop().execute(() -> LogClose.close(log, one));
        }
        return CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                .handle((done, failure) -> failure == null);
    }

    /** Marks the directory clean if its logs are, and lets go of it; blocks. */
    void end(boolean isWhole) {
        try {
            if (isWhole && !isOffline()) {
                roundJournal.settleAll();
                writeCheckpoints(true);
                checkpoints().markClean();
            }
        } catch (IOException e) {
            onWriteFailed(e); // a full disk: the next start reads more
        }
        try {
            close();
        } catch (IOException e) {
            fail(e);
        }
    }

    void close() throws IOException {
        groupCommit.close();
        sharedWrites.close();
        roundJournal.close();
        journal.close();
        lock.close();
    }
}
