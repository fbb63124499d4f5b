package io.headrace.storage.log;

import org.apache.kafka.common.TopicIdPartition;
import org.jspecify.annotations.Nullable;

import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * What the store is given from outside: threads, clock, chance. Direct executors and a fixed clock
 * make it deterministic.
 *
 * @param io where everything that blocks runs; must be bounded in threads, never refuse
 * @param loopFor the event loop that owns a partition; always the same for the same partition
 * @param clockMs the time of day in milliseconds
 * @param bootId names the running operating system: a new one after each boot
 * @param commits where group commits run, one after the other; null: the store starts threads of
 *     its own, also for recovery
 */
public record LogRuntime(
        Executor io,
        Function<TopicIdPartition, Executor> loopFor,
        LongSupplier clockMs,
        RandomGenerator random,
        Supplier<String> bootId,
        @Nullable Executor commits) {

    /** With the store's own threads for group commits and recovery. */
    public LogRuntime(
            Executor io,
            Function<TopicIdPartition, Executor> loopFor,
            LongSupplier clockMs,
            RandomGenerator random,
            Supplier<String> bootId) {
        this(io, loopFor, clockMs, random, bootId, null);
    }
}
