package io.headrace.client.produce;

import org.jspecify.annotations.Nullable;

/** Chooses partitions of records that name none. It is called by one thread at a time. */
@FunctionalInterface
public interface Partitioner {
    /** Answer of {@link #partition}: the producer fills one partition, then turns to another. */
    int STICKY = -1;

    /**
     * The partition of a record with that key, or {@link #STICKY}.
     *
     * @param partitionCount how many partitions the topic has
     */
    int partition(String topic, byte @Nullable [] key, int partitionCount);

    /**
     * Kafka's own: equal keys go to equal partitions as with its Java client (murmur2), records
     * without a key stick to a partition for a batch (KIP-794).
     */
    static Partitioner standard() {
        return (topic, key, partitionCount) ->
                key == null ? STICKY : Murmur2.toPartition(key, partitionCount);
    }
}
