package io.headrace.storage.log;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The end of one log: out of sight at once, its directory renamed when nothing is under way. */
final class LogRemoval {
    private LogRemoval() {}

    /** On the log's owner loop; a directory set aside to be deleted is gone after the delay. */
    static void remove(PartitionLog log, String suffix, CompletableFuture<Void> result) {
        LogDirectory directory = log.directory();
        if (log.isClosed()) {
            CompletableFuture<Void> earlier =
                    directory
                            .leaving()
                            .getOrDefault(log.id(), CompletableFuture.completedFuture(null));
            earlier.whenComplete((gone, failure) -> complete(result, failure));
            return;
        }
        log.markClosed();
        directory.leaving().put(log.id(), result); // no moment in which it is in neither
        directory.logs().remove(log.id());
        log.producerStates().clear();
        log.flusher().whenIdle(() -> moveAway(log, suffix, result));
    }

    private static void moveAway(PartitionLog log, String suffix, CompletableFuture<Void> result) {
        log.upkeep()
                .tasks()
                .watch(
                        log.upkeep()
                                .tasks()
                                .serially(() -> moveAway(log, suffix))
                                .whenComplete(
                                        (moved, failure) -> onMoved(log, suffix, failure, result)));
    }

    private static void onMoved(
            PartitionLog log,
            String suffix,
            @Nullable Throwable failure,
            CompletableFuture<Void> result) {
        if (failure != null && DiskFullException.isCauseOf(failure)) {
            Runnable again = () -> moveAway(log, suffix, result);
            log.directory().retryLater(() -> log.loop().execute(again));
            return;
        }
        log.flusher().releaseClosed();
        log.segments().close();
        log.directory().leaving().remove(log.id(), result);
        complete(result, failure);
    }

    private static void complete(CompletableFuture<Void> result, @Nullable Throwable failure) {
        if (failure == null) {
            result.complete(null);
        } else {
            result.completeExceptionally(failure);
        }
    }

    private static Path moveAway(PartitionLog log, String suffix) throws IOException {
        LogDirectory directory = log.directory();
        directory.settle(log.journalKey()); // what has another name is whole without the journal
        Path aside = LogStore.setAside(directory, log.path(), suffix);
        log.segments().moveTo(aside);
        if (suffix.equals(LogStore.DELETED_DIRECTORY)) {
            long dueMs =
                    log.context().runtime().clockMs().getAsLong()
                            + log.config().fileDeleteDelayMs();
            directory.removeLater(new LogDirectory.Removal(dueMs, List.of(aside)));
            directory.takeBackPromise(log);
        }
        return aside;
    }
}
