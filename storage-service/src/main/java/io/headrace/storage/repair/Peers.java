package io.headrace.storage.repair;

import org.apache.kafka.common.TopicIdPartition;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** Where records can be had again: the other replicas of a partition. Any thread. */
public interface Peers {

    /** Whether the partition has another replica at all. */
    boolean hasOthers(TopicIdPartition id);

    /**
     * Committed batches from the one that holds the offset, as many as fit in one answer. Asks the
     * replicas one after the other, first those that are certain to have it.
     *
     * @return fails when no replica can give them now
     */
    CompletableFuture<ByteBuffer> read(TopicIdPartition id, long offset);
}
