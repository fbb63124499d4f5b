package io.headrace.storage.log;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;

import java.util.concurrent.CompletableFuture;

/** The clean end of one log: everything on the device, and a note of where it ends. */
final class LogClose {
    private LogClose() {}

    /** Closes the log, on its owner loop; completes there or on an I/O thread. */
    static void close(PartitionLog log, CompletableFuture<Void> result) {
        if (log.isClosed()) {
            result.complete(null);
            return;
        }
        log.markClosed();
        if (log.isOffline()) {
            release(log);
            result.completeExceptionally(new IllegalStateException("The directory is offline"));
            return;
        }
        log.flusher().whenIdle(() -> flush(log, result));
    }

    private static void flush(PartitionLog log, CompletableFuture<Void> result) {
        LogFile active = log.activeFile();
        var closing =
                log.upkeep()
                        .write(true)
                        .thenCompose(
                                done ->
                                        log.upkeep()
                                                .tasks()
                                                .serially(
                                                        () -> {
                                                            log.flusher().flushClosed();
                                                            active.flush();
                                                            Directories.flush(log.path());
                                                            return true;
                                                        }))
                        .whenComplete(
                                (done, failure) -> {
                                    if (failure == null) {
                                        log.flusher().reset(log.logEndOffset());
                                        log.upkeep().publish();
                                    }
                                    release(log);
                                    if (failure == null) {
                                        result.complete(null);
                                    } else {
                                        result.completeExceptionally(failure);
                                    }
                                });
        log.upkeep().tasks().watch(closing);
    }

    private static void release(PartitionLog log) {
        log.flusher().releaseClosed();
        log.segments().close();
        log.producerStates().clear();
    }
}
