package io.headrace.storage.log;

import io.headrace.storage.recovery.LoadRequest;
import io.headrace.storage.recovery.LoadedLog;
import io.headrace.storage.recovery.LogLoader;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Makes new logs, each once however often it is asked for, on the directory with the fewest. */
final class LogCreation {
    private static final int PREFERRED_MAX = 10_000;

    private final LogContext context;
    private final List<LogDirectory> directories;
    private final Function<TopicIdPartition, @Nullable PartitionLog> find;
    private final Function<TopicIdPartition, CompletableFuture<Void>> setAside;
    private final Map<TopicIdPartition, CompletableFuture<PartitionLog>> opening =
            new ConcurrentHashMap<>();
    private final Map<TopicPartition, LogDirectory> preferred = new ConcurrentHashMap<>();

    LogCreation(
            LogContext context,
            List<LogDirectory> directories,
            Function<TopicIdPartition, @Nullable PartitionLog> find,
            Function<TopicIdPartition, CompletableFuture<Void>> setAside) {
        this.context = context;
        this.directories = directories;
        this.find = find;
        this.setAside = setAside;
    }

    /** Where the partition's log is to be made, should it be. */
    void prefer(TopicPartition partition, LogDirectory directory) {
        if (preferred.size() < PREFERRED_MAX) {
            preferred.put(partition, directory);
        }
    }

    /** The new log, on its owner loop. */
    CompletableFuture<PartitionLog> create(TopicIdPartition id, LogConfig config) {
        CompletableFuture<PartitionLog> mine = new CompletableFuture<>();
        CompletableFuture<PartitionLog> earlier = opening.putIfAbsent(id, mine);
        if (earlier != null) {
            return earlier;
        }
        context.runtime().io().execute(() -> createAfterOthers(id, config, mine));
        return mine;
    }

    /**
     * A log that had the name, of this topic id or another, is first gone from it: else its removal
     * would take away what has the name then, and its promise.
     */
    private void createAfterOthers(
            TopicIdPartition id, LogConfig config, CompletableFuture<PartitionLog> result) {
        List<CompletableFuture<Void>> going = new ArrayList<>(0);
        for (LogDirectory directory : directories) {
            for (TopicIdPartition other : othersIn(directory, id)) {
                going.add(setAside.apply(other).exceptionally(failed -> null)); // it is offline
            }
        }
        if (going.isEmpty()) {
            create(id, config, result);
        } else {
            CompletableFuture.allOf(going.toArray(CompletableFuture[]::new))
                    .thenRunAsync(() -> create(id, config, result), context.runtime().io());
        }
    }

    private static List<TopicIdPartition> othersIn(LogDirectory directory, TopicIdPartition id) {
        List<TopicIdPartition> others = new ArrayList<>(0);
        for (TopicIdPartition leaving : directory.leaving().keySet()) {
            if (leaving.topicPartition().equals(id.topicPartition())) {
                others.add(leaving);
            }
        }
        boolean isTaken =
                !directory.isOffline()
                        && Files.exists(directory.path().resolve(LogStore.directoryOf(id)));
        if (isTaken) {
            for (TopicIdPartition other : directory.logs().keySet()) {
                if (other.topicPartition().equals(id.topicPartition()) && !other.equals(id)) {
                    others.add(other);
                }
            }
        }
        return others;
    }

    private void create(
            TopicIdPartition id, LogConfig config, CompletableFuture<PartitionLog> result) {
        LogDirectory target = null;
        try {
            PartitionLog log = find.apply(id); // created since it was looked for
            if (log != null) {
                created(log, result);
                return;
            }
            target = chooseDirectory(id.topicPartition());
            String name = LogStore.directoryOf(id);
            LogDirectory chosen = target;
            chosen.sharedWrites()
                    .submit(
                            new NewLogDirectory(
                                    chosen.path(),
                                    name,
                                    id,
                                    () -> prepare(id, chosen),
                                    failure -> finish(id, config, chosen, failure, result)));
        } catch (RuntimeException e) {
            fail(id, target, e, result);
        }
    }

    private void finish(
            TopicIdPartition id,
            LogConfig config,
            LogDirectory directory,
            @Nullable IOException failure,
            CompletableFuture<PartitionLog> result) {
        try {
            if (failure != null) {
                throw failure;
            }
            PartitionLog log = load(id, config, directory);
            directory.endPlan();
            created(log, result);
        } catch (IOException | RuntimeException e) {
            fail(id, directory, e, result);
        }
    }

    private void created(PartitionLog log, CompletableFuture<PartitionLog> result) {
        opening.remove(log.id());
        log.loop().execute(() -> result.complete(log));
    }

    private void fail(
            TopicIdPartition id,
            @Nullable LogDirectory target,
            Exception failure,
            CompletableFuture<PartitionLog> result) {
        opening.remove(id);
        if (target != null) {
            target.endPlan();
        }
        if (failure instanceof IOException broken) {
            boolean isFull = target != null && target.onWriteFailed(broken);
            String message =
                    "Cannot create the log of " + id.topicPartition() + ": " + failure.getMessage();
            result.completeExceptionally(
                    isFull
                            ? new DiskFullException(message)
                            : Errors.KAFKA_STORAGE_ERROR.exception(message));
        } else {
            result.completeExceptionally(failure);
        }
    }

    /**
     * Takes a place in the directory that has the fewest logs, with those being made; a full one
     * only if all are.
     */
    private synchronized LogDirectory chooseDirectory(TopicPartition partition) {
        LogDirectory wanted = preferred.remove(partition);
        if (wanted != null && !wanted.isOffline()) {
            wanted.planLog();
            return wanted;
        }
        LogDirectory chosen =
                directories.stream()
                        .filter(directory -> !directory.isOffline())
                        .min(
                                Comparator.comparing(LogDirectory::isFull)
                                        .thenComparingInt(LogDirectory::plannedLogs))
                        .orElseThrow(
                                () ->
                                        Errors.KAFKA_STORAGE_ERROR.exception(
                                                "Every log directory is offline"));
        chosen.planLog();
        return chosen;
    }

    /** Whatever an earlier log of that name or id left counts no more when the new one is there. */
    private void prepare(TopicIdPartition id, LogDirectory chosen) throws IOException {
        setAsideOthersOf(LogStore.directoryOf(id));
        chosen.forgetPromiseOf(id);
        chosen.forgetCheckpointOf(id);
    }

    private void setAsideOthersOf(String name) throws IOException {
        for (LogDirectory other : directories) {
            Path sameName = other.path().resolve(name);
            if (!other.isOffline() && Files.exists(sameName)) {
                LogStore.setAside(other, sameName, LogStore.STRAY_DIRECTORY);
            }
        }
    }

    private PartitionLog load(TopicIdPartition id, LogConfig config, LogDirectory directory)
            throws IOException {
        String name = LogStore.directoryOf(id);
        Path path = directory.path().resolve(name);
        LoadedLog loaded =
                LogLoader.load(
                        new LoadRequest(
                                path,
                                name,
                                null,
                                0,
                                -1,
                                0,
                                config.indexIntervalBytes(),
                                context.producerIds(),
                                context.runtime().clockMs().getAsLong()));
        PartitionLog log = new PartitionLog(directory, context, path, id, config, loaded, 0, 0);
        directory.add(log);
        return log;
    }
}
