package io.headrace.storage.log;

import io.headrace.storage.commit.FileReplacement;
import io.headrace.storage.commit.SerialTasks;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Runs what blocks of one log on the I/O executor. Results arrive on the owner loop; a disk that
 * fails takes the log's directory offline, a full one does not.
 */
final class LogTasks {
    private final PartitionLog log;
    private final Executor io;
    private final SerialTasks serial;

    LogTasks(PartitionLog log) {
        this.log = log;
        this.io = log.context().runtime().io();
        this.serial = new SerialTasks(io);
    }

    /** Runs a task on the I/O executor; its result arrives on the owner loop. */
    <T> CompletableFuture<T> onIo(Callable<T> task) {
        return submit(io, task);
    }

    /** Like {@link #onIo}, after every earlier serial task of this log. */
    <T> CompletableFuture<T> serially(Callable<T> task) {
        return submit(serial, task);
    }

    /** What has several steps, on whatever threads; later serial tasks wait for the last one. */
    <T> CompletableFuture<T> steps(Supplier<CompletableFuture<T>> all) {
        return serial.steps(all);
    }

    /** Sees to it that a task nobody waits for does not fail unseen. */
    void watch(CompletableFuture<?> future) {
        var _ =
                future.whenComplete(
                        (done, failure) -> {
                            boolean isNews =
                                    failure != null
                                            && !log.isOffline()
                                            && !DiskFullException.isCauseOf(failure);
                            if (isNews) {
                                System.getLogger(LogTasks.class.getName())
                                        .log(
                                                System.Logger.Level.ERROR,
                                                "Upkeep of " + log.id() + " failed",
                                                failure);
                            }
                        });
    }

    private <T> CompletableFuture<T> submit(Executor executor, Callable<T> task) {
        CompletableFuture<T> result = new CompletableFuture<>();
        executor.execute(
                () -> {
                    try {
                        complete(result, task.call(), null);
                    } catch (Exception e) {
                        complete(result, null, e);
                    }
                });
        return result;
    }

    /** On the owner loop; a disk that fails takes its directory offline, a full one does not. */
    private <T> void complete(
            CompletableFuture<T> result, @Nullable T value, @Nullable Exception failure) {
        Exception told = failure;
        if (failure instanceof IOException broken) {
            String message = String.valueOf(broken.getMessage());
            told =
                    log.directory().onWriteFailed(broken)
                            ? new DiskFullException(message)
                            : Errors.KAFKA_STORAGE_ERROR.exception(message);
        }
        Exception reason = told;
        log.loop()
                .execute(
                        () -> {
                            if (reason == null) {
                                result.complete(value);
                            } else {
                                result.completeExceptionally(reason);
                            }
                        });
    }

    /** Replaces a file in the order of tasks, sharing the flushes with other logs. */
    CompletableFuture<Void> replaceSerially(Path file, String content) {
        CompletableFuture<Void> result = new CompletableFuture<>();
        serial.executeUntilOver(
                whenOver ->
                        log.directory()
                                .sharedWrites()
                                .submit(
                                        new FileReplacement(
                                                file,
                                                content,
                                                failure -> {
                                                    complete(result, null, failure);
                                                    whenOver.run();
                                                })));
        return result;
    }
}
