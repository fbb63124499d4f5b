package io.headrace.coordinator.shard;

import org.apache.kafka.common.protocol.Errors;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * The log of one shard, at whichever node leads its partition. An answer may come on any thread, or
 * not at all within the time allowed: the future then fails, and what happened is unknown.
 */
public interface ShardLog {
    /** Append wherever the log ends. */
    long ANY_END = -1;

    /**
     * Appends batches if the epoch is the highest seen and the log ends at that offset; answers
     * when they are committed.
     *
     * @param batches encoded record batches, which are not changed
     */
    CompletableFuture<Appended> append(int shardEpoch, long expectedEndOffset, ByteBuffer batches);

    /**
     * Reads committed batches.
     *
     * @param maxWaitMs how long the leader may wait for a first byte
     */
    CompletableFuture<Read> read(long offset, int maxBytes, int maxWaitMs);

    /** Asks whether the epoch is not fenced; the answer is true of a time after the call. */
    CompletableFuture<Errors> check(int shardEpoch);

    /**
     * The answer to an append.
     *
     * @param baseOffset where the batches are; meaningful without error
     * @param logEndOffset the log's end
     */
    record Appended(Errors error, long baseOffset, long logEndOffset) {}

    /**
     * The answer to a read.
     *
     * @param logStartOffset the first offset of the log
     * @param batches whole batches, the first perhaps beginning before the offset asked for, the
     *     last perhaps cut off
     */
    record Read(Errors error, long logStartOffset, ByteBuffer batches) {}
}
