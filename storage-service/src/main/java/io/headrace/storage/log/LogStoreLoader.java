package io.headrace.storage.log;

import io.headrace.storage.file.Directories;
import io.headrace.storage.journal.PromiseJournal;
import io.headrace.storage.recovery.DirectoryCheckpoints;
import io.headrace.storage.recovery.DirectoryMetadata;
import io.headrace.storage.recovery.LoadRequest;
import io.headrace.storage.recovery.LoadedLog;
import io.headrace.storage.recovery.LogLoader;
import io.headrace.storage.recovery.VerifiedPoint;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** Loads all logs of a store at its start, several at a time. Used once. */
final class LogStoreLoader {
    private final LogContext context;
    private final List<LogDirectory> directories;
    private final Function<String, LogConfig> configOf;
    private final LogStore.Progress progress;
    private final AtomicInteger done = new AtomicInteger();
    private final Map<String, LogConfig> configs = new ConcurrentHashMap<>();
    private final AtomicLong readBytes = new AtomicLong();

    private record Task(
            LogDirectory directory,
            DirectoryCheckpoints.Loaded checkpoints,
            Path path,
            TopicPartition partition) {}

    LogStoreLoader(
            LogContext context,
            List<LogDirectory> directories,
            Function<String, LogConfig> configOf,
            LogStore.Progress progress) {
        this.context = context;
        this.directories = directories;
        this.configOf = configOf;
        this.progress = progress;
    }

    /** Loads all; moves that an earlier life began go on. */
    void load(LogMoves moves) {
        List<Task> tasks = new ArrayList<>();
        directories.forEach(this::promoteCopies);
        for (LogDirectory directory : directories) {
            try {
                tasks.addAll(tasksOf(directory));
            } catch (IOException e) {
                directory.fail(e);
            }
        }
        loadAll(tasks);
        setAsideDuplicates();
        directories.forEach(directory -> resumeMoves(directory, moves));
    }

    private void loadAll(List<Task> tasks) {
        int threads = Math.min(context.properties().recoveryThreads(), tasks.size());
        if (threads <= 1 || context.runtime().commits() != null) {
            tasks.forEach(task -> load(task, tasks.size()));
            return;
        }
        try (ExecutorService pool =
                Executors.newFixedThreadPool(
                        threads, Thread.ofPlatform().daemon().name("recovery-", 0).factory())) {
            tasks.forEach(task -> pool.execute(() -> load(task, tasks.size())));
            pool.shutdown();
            while (!pool.awaitTermination(1, TimeUnit.MINUTES)) {
                progress.onRecovered(done.get(), tasks.size(), readBytes.get());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while recovering logs", e);
        }
    }

    private static List<Path> copiesIn(LogDirectory directory) throws IOException {
        return Directories.list(directory.path()).stream()
                .filter(path -> path.getFileName().toString().endsWith(LogMoves.SUFFIX))
                .toList();
    }

    /** A copy that was complete when its log was taken away is the log. */
    private void promoteCopies(LogDirectory directory) {
        try {
            for (Path copy : copiesIn(directory)) {
                String name = LogMoves.completeName(copy);
                Uuid topicId = DirectoryMetadata.readTopicId(copy);
                if (name != null && topicId != null && !isAnywhere(name, topicId)) {
                    LogMoves.promote(directory, copy, directory.path().resolve(name));
                }
            }
        } catch (IOException e) {
            directory.fail(e);
        }
    }

    private boolean isAnywhere(String name, Uuid topicId) throws IOException {
        for (LogDirectory directory : directories) {
            Path path = directory.path().resolve(name);
            if (!directory.isOffline() && topicId.equals(DirectoryMetadata.readTopicId(path))) {
                return true;
            }
        }
        return false;
    }

    private void resumeMoves(LogDirectory directory, LogMoves moves) {
        if (directory.isOffline()) {
            return;
        }
        try {
            for (Path copy : copiesIn(directory)) {
                PartitionLog log = logOf(LogMoves.idOf(copy.getFileName().toString()));
                if (log == null || log.directory() == directory) {
                    LogStore.setAside(directory, copy, LogStore.STRAY_DIRECTORY);
                } else {
                    moves.resume(log, directory, copy);
                }
            }
        } catch (IOException e) {
            directory.fail(e);
        }
    }

    private @Nullable PartitionLog logOf(@Nullable TopicIdPartition nameless) {
        for (LogDirectory directory : directories) {
            for (PartitionLog log : directory.logs().values()) {
                if (nameless != null
                        && log.id().topicId().equals(nameless.topicId())
                        && log.id().partition() == nameless.partition()) {
                    return log;
                }
            }
        }
        return null;
    }

    /**
     * Of two logs of a partition, left when a disk failed in the middle of a move, the longer
     * counts.
     */
    private void setAsideDuplicates() {
        Map<TopicIdPartition, PartitionLog> kept = new HashMap<>();
        for (LogDirectory directory : directories) {
            for (PartitionLog log : List.copyOf(directory.logs().values())) {
                PartitionLog other = kept.get(log.id());
                PartitionLog more = other == null || isLonger(log, other) ? log : other;
                kept.put(log.id(), more);
                if (other != null) {
                    setAside(more == log ? other : log);
                }
            }
        }
    }

    private static boolean isLonger(PartitionLog log, PartitionLog other) {
        return log.latestLeaderEpoch() == other.latestLeaderEpoch()
                ? log.logEndOffset() > other.logEndOffset()
                : log.latestLeaderEpoch() > other.latestLeaderEpoch();
    }

    private static void setAside(PartitionLog log) {
        log.markClosed();
        log.producerStates().clear();
        log.flusher().releaseClosed();
        log.segments().close();
        log.directory().logs().remove(log.id());
        try {
            LogStore.setAside(log.directory(), log.path(), LogStore.STRAY_DIRECTORY);
        } catch (IOException e) {
            log.directory().fail(e);
        }
    }

    /** The logs in a directory, and copies that are to be logs; before any is loaded. */
    static Map<PromiseJournal.Key, Path> pathsIn(Path directory) throws IOException {
        Map<PromiseJournal.Key, Path> paths = new HashMap<>();
        for (Path path : Directories.list(directory)) {
            if (!Files.isDirectory(path)) {
                continue;
            }
            String name = path.getFileName().toString();
            boolean isCopy = name.endsWith(LogMoves.SUFFIX);
            TopicIdPartition copy = isCopy ? LogMoves.idOf(name) : null;
            TopicPartition partition = isCopy ? null : partitionOf(name);
            Uuid topicId = DirectoryMetadata.readTopicId(path);
            if (copy != null && copy.topicId().equals(topicId)) {
                paths.putIfAbsent(LogStore.journalKey(copy), path);
            } else if (partition != null && topicId != null) {
                paths.put(new PromiseJournal.Key(topicId, partition.partition()), path);
            }
        }
        return paths;
    }

    private List<Task> tasksOf(LogDirectory directory) throws IOException {
        DirectoryCheckpoints.Loaded checkpoints = directory.checkpoints().load();
        List<Task> tasks = new ArrayList<>();
        for (Path path : Directories.list(directory.path())) {
            String name = path.getFileName().toString();
            if (name.endsWith(LogStore.DELETED_DIRECTORY) || name.endsWith(".new")) {
                if (Files.isDirectory(path)) {
                    directory.removeLater(new LogDirectory.Removal(0, List.of(path)));
                }
                continue;
            }
            TopicPartition partition = partitionOf(name);
            boolean isNone =
                    name.endsWith(LogStore.STRAY_DIRECTORY) || name.endsWith(LogMoves.SUFFIX);
            if (partition != null && !isNone) {
                tasks.add(new Task(directory, checkpoints, path, partition));
            }
        }
        return tasks;
    }

    private static @Nullable TopicPartition partitionOf(String name) {
        int dash = name.lastIndexOf('-');
        if (dash <= 0 || dash == name.length() - 1) {
            return null;
        }
        try {
            int partition = Integer.parseInt(name.substring(dash + 1));
            return partition < 0 ? null : new TopicPartition(name.substring(0, dash), partition);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Whose log it is; null when it is none, or does not say so and was set aside. */
    private @Nullable TopicIdPartition identify(Task task) throws IOException {
        if (!Files.isDirectory(task.path())) {
            return null;
        }
        Uuid topicId = DirectoryMetadata.readTopicId(task.path());
        if (topicId == null) {
            LogStore.setAside(task.directory(), task.path(), LogStore.STRAY_DIRECTORY);
            return null;
        }
        return new TopicIdPartition(topicId, task.partition());
    }

    private void load(Task task, int total) {
        LogDirectory directory = task.directory();
        if (directory.isOffline()) {
            return;
        }
        try {
            TopicIdPartition id = identify(task);
            if (id == null) {
                return;
            }
            LogConfig config = configs.computeIfAbsent(id.topic(), configOf);
            String name = LogStore.nameOf(id);
            DirectoryCheckpoints.Loaded checkpoints = task.checkpoints();
            boolean isTrusted =
                    checkpoints.clean() || checkpoints.bootId().equals(directory.bootId());
            VerifiedPoint verified =
                    isTrusted ? checkpoints.verified().get(DirectoryCheckpoints.keyOf(id)) : null;
            long recoveryPoint = checkpoints.recoveryPoints().getOrDefault(name, 0L);
            long promised = directory.journal().promised(LogStore.journalKey(id));
            LoadedLog loaded =
                    LogLoader.load(
                            new LoadRequest(
                                    task.path(),
                                    id.topicPartition().toString(),
                                    verified,
                                    recoveryPoint,
                                    promised,
                                    checkpoints.logStarts().getOrDefault(name, 0L),
                                    config.indexIntervalBytes(),
                                    context.producerIds(),
                                    context.runtime().clockMs().getAsLong()));
            PartitionLog log =
                    new PartitionLog(
                            directory,
                            context,
                            task.path(),
                            id,
                            config,
                            loaded,
                            Math.max(recoveryPoint, promised),
                            checkpoints.highWatermarks().getOrDefault(name, 0L));
            Long lostFrom = checkpoints.lostFrom().get(DirectoryCheckpoints.keyOf(id));
            if (!isTrusted || lostFrom != null) {
                // Whether it matters is known once the topic's configuration is.
                log.onPageCacheLost(
                        new UncleanLog(
                                "Log "
                                        + id.topicPartition()
                                        + " kept records in the page cache only, and the machine"
                                        + " went down",
                                lostFrom == null
                                        ? recoveryPoint
                                        : Math.min(lostFrom, recoveryPoint)));
            }
            directory.add(log);
            progress.onRecovered(
                    done.incrementAndGet(), total, readBytes.addAndGet(loaded.scannedBytes()));
        } catch (IOException e) {
            directory.fail(e);
        }
    }
}
