package io.headrace.storage.log;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.TextCheckpoint;
import io.headrace.storage.recovery.LoadRequest;
import io.headrace.storage.recovery.LoadedLog;
import io.headrace.storage.recovery.LogLoader;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongSupplier;

/**
 * The moves of logs between the directories of a store, their share of the disks, and their files.
 *
 * <pre>
 *   topicId-partition-future    the copy, in the directory that the log moves to
 *   moved-completely            in it: the copy has all, and the log takes nothing more
 * </pre>
 */
final class LogMoves {
    /** Ends the name of a copy's directory. */
    static final String SUFFIX = "-future";

    private static final String MARK = "moved-completely";
    private static final int CHUNKS_MAX = 4;
    private static final long UNLIMITED = Long.MAX_VALUE;

    private final LogContext context;
    private final Map<TopicIdPartition, LogMove> running = new ConcurrentHashMap<>();
    private final Queue<LogMove> waiting = new ConcurrentLinkedQueue<>();
    private volatile LongSupplier bytesPerSecond = () -> UNLIMITED;
    private volatile boolean closed;
    private int chunks;
    private long budgetBytes;
    private long budgetAtMs = Long.MIN_VALUE;

    boolean isClosed() {
        return closed;
    }

    LogMoves(LogContext context) {
        this.context = context;
    }

    /** How fast all copies together may grow; anything below 1 is no limit. */
    void limitTo(LongSupplier rate) {
        bytesPerSecond = rate;
    }

    Collection<LogMove> running() {
        return running.values();
    }

    @Nullable LogMove of(TopicIdPartition id) {
        return running.get(id);
    }

    long nowMs() {
        return context.runtime().clockMs().getAsLong();
    }

    /** The name of the directory that a copy of the log has. */
    static String nameOf(TopicIdPartition id) {
        return id.topicId() + "-" + id.partition() + SUFFIX;
    }

    // Beginning and ending; on the log's owner loop.

    /** Begins to move a log; one that is there already stays, and a move elsewhere ends. */
    void move(PartitionLog log, LogDirectory target, CompletableFuture<Void> result) {
        LogMove before = running.get(log.id());
        if (before != null && before.target() != target) {
            before.cancel();
        }
        if (log.directory() == target || (before != null && before.target() == target)) {
            result.complete(null);
            return;
        }
        LogMove move = new LogMove(this, log, target);
        if (log.isClosed() || running.putIfAbsent(log.id(), move) != null) {
            result.completeExceptionally(
                    new DiskFullException("The last steps of another move are under way"));
            return;
        }
        create(move);
        result.complete(null);
    }

    private void create(LogMove move) {
        LogDirectory target = move.target();
        String name = nameOf(move.id());
        target.sharedWrites()
                .submit(
                        new NewLogDirectory(
                                target.path(),
                                name,
                                move.id(),
                                () -> {
                                    deleteLater(target, target.path().resolve(name));
                                    target.forgetPromiseOf(move.id());
                                },
                                failure -> onCreated(move, failure)));
    }

    private static void deleteLater(LogDirectory directory, Path path) throws IOException {
        if (Files.exists(path)) {
            Path aside = LogStore.setAside(directory, path, LogStore.DELETED_DIRECTORY);
            directory.removeLater(new LogDirectory.Removal(0, List.of(aside)));
        }
    }

    private void onCreated(LogMove move, @Nullable IOException failure) {
        try {
            if (failure != null) {
                throw failure;
            }
            Path path = move.target().path().resolve(nameOf(move.id()));
            LoadedLog loaded = load(move.log(), path, -1);
            begin(move, path, loaded, 0);
        } catch (IOException e) {
            move.target().onWriteFailed(e);
            onFailed(move, e);
            move.log().loop().execute(move::cancel);
        }
    }

    /** Goes on with a copy that an earlier life left; before the log is in use. */
    void resume(PartitionLog log, LogDirectory target, Path path) throws IOException {
        LogMove move = new LogMove(this, log, target);
        running.put(log.id(), move);
        Files.deleteIfExists(path.resolve(MARK)); // the last steps are done again
        Directories.flush(path);
        long promised = target.journal().promised(log.journalKey());
        LoadedLog loaded = load(log, path, promised);
        if (loaded.uncleanReason() != null || !loaded.lostRanges().isEmpty()) {
            loaded.activeFile().release();
            loaded.producers().clear();
            create(move);
            return;
        }
        begin(move, path, loaded, Math.max(0, promised));
    }

    private LoadedLog load(PartitionLog log, Path path, long promised) throws IOException {
        return LogLoader.load(
                new LoadRequest(
                        path,
                        log.id().topicPartition() + SUFFIX,
                        null,
                        0,
                        promised,
                        0,
                        log.config().indexIntervalBytes(),
                        context.producerIds(),
                        nowMs()));
    }

    private void begin(LogMove move, Path path, LoadedLog loaded, long recoveryPoint)
            throws IOException {
        PartitionLog copy =
                new PartitionLog(
                        move.target(),
                        context,
                        path,
                        move.id(),
                        move.log().config(),
                        loaded,
                        recoveryPoint,
                        0);
        copy.loop()
                .execute(
                        () -> {
                            if (running.get(move.id()) == move) {
                                move.begin(copy);
                            } else {
                                remove(copy);
                            }
                        });
    }

    /** Does what is due: more copying, and again what found no space. */
    void tick(long nowMs) {
        synchronized (this) {
            long rate = rate();
            long elapsedMs = budgetAtMs == Long.MIN_VALUE ? 1_000 : nowMs - budgetAtMs;
            budgetAtMs = nowMs;
            if (rate != UNLIMITED) {
                double more = (double) rate * Math.clamp(elapsedMs, 0, 10_000) / 1_000;
                budgetBytes = Math.min(rate, budgetBytes + (long) more);
            }
        }
        for (LogMove move : running.values()) {
            move.log()
                    .loop()
                    .execute(
                            () -> {
                                PartitionLog copy = move.copy();
                                if (copy != null) {
                                    copy.upkeep().retry();
                                }
                                move.goOn();
                            });
        }
    }

    private long rate() {
        long rate = bytesPerSecond.getAsLong();
        return rate < 1 ? UNLIMITED : rate;
    }

    /**
     * Whether a move may read a chunk now; one that is near its end always may. Another one is
     * woken when a chunk ends, or at the next tick.
     */
    synchronized boolean beginChunk(LogMove move, boolean always) {
        if (!always && rate() != UNLIMITED && budgetBytes <= 0) {
            return false;
        }
        if (!always && chunks >= CHUNKS_MAX) {
            if (!waiting.contains(move)) {
                waiting.add(move);
            }
            return false;
        }
        chunks++;
        return true;
    }

    void endChunk() {
        LogMove next;
        synchronized (this) {
            chunks--;
            next = waiting.poll();
        }
        if (next != null) {
            next.log().loop().execute(next::goOn);
        }
    }

    synchronized void onCopied(int bytes) {
        if (rate() != UNLIMITED) {
            budgetBytes -= bytes;
        }
    }

    void onDelayed(LogMove move, Exception cause) {
        System.getLogger(LogMoves.class.getName())
                .log(
                        System.Logger.Level.DEBUG,
                        "The move of " + move.id() + " waits: " + cause.getMessage());
    }

    void onFailed(LogMove move, Throwable cause) {
        System.getLogger(LogMoves.class.getName())
                .log(
                        System.Logger.Level.ERROR,
                        "Moving " + move.id() + " to " + move.target().path() + " failed",
                        cause);
    }

    /** Ends a move without its copy. */
    void discard(LogMove move) {
        running.remove(move.id(), move);
        PartitionLog copy = move.copy();
        if (copy != null) {
            remove(copy);
        }
    }

    private void remove(PartitionLog copy) {
        copy.markClosed();
        copy.producerStates().clear();
        LogDirectory directory = copy.directory();
        copy.flusher()
                .whenIdle(
                        () ->
                                copy.upkeep()
                                        .tasks()
                                        .watch(
                                                copy.upkeep()
                                                        .tasks()
                                                        .serially(
                                                                () -> {
                                                                    deleteLater(
                                                                            directory, copy.path());
                                                                    directory.takeBackPromise(copy);
                                                                    return true;
                                                                })
                                                        .whenComplete(
                                                                (done, failure) -> release(copy))));
    }

    /** Leaves the copies for the next life to go on with. Blocks until last steps are done. */
    void close() {
        closed = true;
        for (LogMove move : running.values()) {
            CompletableFuture<Void> over = new CompletableFuture<>();
            move.log().loop().execute(() -> close(move, over));
            // An unclean end costs the next start a longer look at the copy.
            over.handle((done, failure) -> null).join();
        }
    }

    private static void close(LogMove move, CompletableFuture<Void> over) {
        PartitionLog copy = move.copy();
        if (move.isSwapping()) {
            move.ended().thenRun(() -> over.complete(null));
        } else if (copy == null) {
            over.complete(null);
        } else {
            LogClose.close(copy, over);
        }
    }

    private static void release(PartitionLog log) {
        log.flusher().releaseClosed();
        log.segments().close();
    }

    // The last steps.

    /** Writes what the batches do not tell, and then the mark; durable. */
    CompletableFuture<Boolean> markComplete(LogMove move, PartitionLog copy) {
        List<String> epochs = copy.epochs().toLines();
        byte[] mark =
                (move.id().topic() + " " + move.id().partition() + "\n")
                        .getBytes(StandardCharsets.UTF_8);
        return copy.upkeep()
                .tasks()
                .serially(
                        () -> {
                            move.target().forgetCheckpointOf(move.id());
                            Directories.replace(
                                    copy.path().resolve(LogLoader.EPOCH_FILE),
                                    TextCheckpoint.encode(epochs));
                            Directories.replace(copy.path().resolve(MARK), mark);
                            return true;
                        });
    }

    /** Takes the log away and gives its name to the copy. */
    CompletableFuture<Boolean> exchange(LogMove move, PartitionLog copy) {
        PartitionLog log = move.log();
        CompletableFuture<Boolean> gone = new CompletableFuture<>();
        log.directory().logs().remove(log.id());
        log.flusher().whenIdle(() -> takeAway(log, gone));
        return gone.thenCompose(
                taken ->
                        copy.upkeep()
                                .tasks()
                                .serially(() -> name(move, copy))
                                .whenComplete(
                                        (named, failure) -> {
                                            running.remove(move.id(), move);
                                            if (failure == null) {
                                                move.target().add(copy);
                                                copy.upkeep().publish();
                                            } else {
                                                copy.markClosed();
                                                release(copy);
                                            }
                                        }));
    }

    private void takeAway(PartitionLog log, CompletableFuture<Boolean> gone) {
        log.upkeep()
                .tasks()
                .serially(
                        () -> {
                            LogDirectory from = log.directory();
                            Path aside =
                                    LogStore.setAside(from, log.path(), LogStore.DELETED_DIRECTORY);
                            log.segments().moveTo(aside);
                            long dueMs = nowMs() + log.config().fileDeleteDelayMs();
                            from.removeLater(new LogDirectory.Removal(dueMs, List.of(aside)));
                            from.takeBackPromise(log);
                            return true;
                        })
                .whenComplete(
                        (done, failure) -> {
                            if (failure != null && DiskFullException.isCauseOf(failure)) {
                                Runnable again = () -> takeAway(log, gone);
                                log.directory().retryLater(() -> log.loop().execute(again));
                                return;
                            }
                            // If the old disk failed, the copy is what is left.
                            log.producerStates().clear();
                            release(log);
                            gone.complete(true);
                        });
    }

    private static boolean name(LogMove move, PartitionLog copy) throws IOException {
        Path named = move.target().path().resolve(LogStore.directoryOf(move.id()));
        promote(move.target(), copy.path(), named);
        copy.segments().moveTo(named);
        return true;
    }

    /** Gives a copy its log's name. */
    static void promote(LogDirectory directory, Path path, Path named) throws IOException {
        if (Files.exists(named)) {
            LogStore.setAside(directory, named, LogStore.STRAY_DIRECTORY);
        }
        Directories.rename(path, named);
        Directories.flush(directory.path());
        Files.deleteIfExists(named.resolve(MARK));
    }

    // What an earlier life left; before logs are loaded.

    /** The topic id and partition of a copy's directory, without the topic's name; or null. */
    static @Nullable TopicIdPartition idOf(String directoryName) {
        String name = directoryName.substring(0, directoryName.length() - SUFFIX.length());
        int dash = name.lastIndexOf('-');
        if (dash <= 0) {
            return null;
        }
        try {
            return new TopicIdPartition(
                    Uuid.fromString(name.substring(0, dash)),
                    Integer.parseInt(name.substring(dash + 1)),
                    "");
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** The name of the log that a copy is to be, if it is complete; else null. */
    static @Nullable String completeName(Path copy) throws IOException {
        byte[] mark = Directories.readIfExists(copy.resolve(MARK), 1 << 10);
        if (mark == null) {
            return null;
        }
        String[] words = new String(mark, StandardCharsets.UTF_8).strip().split(" ", -1);
        return words.length == 2 ? words[0] + "-" + words[1] : null;
    }
}
