package io.headrace.coordinator.exchange;

import io.headrace.coordinator.shard.ShardEvent;
import io.headrace.coordinator.shard.ShardTask;
import io.headrace.coordinator.shard.TaskRunner;
import io.headrace.coordinator.transaction.TransactionEvent;
import io.headrace.coordinator.transaction.TransactionTask;

import java.util.function.Consumer;

/** Carries out the tasks of transaction shards. Thread-safe. */
public final class TransactionTasks implements TaskRunner {
    private final MarkerWriter markers;
    private final ProducerIdBlocks producerIds;

    public TransactionTasks(MarkerWriter markers, ProducerIdBlocks producerIds) {
        this.markers = markers;
        this.producerIds = producerIds;
    }

    @Override
    public void run(ShardTask task, int shard, int shardEpoch, Consumer<ShardEvent> events) {
        if (!(task instanceof TransactionTask known)) {
            throw new IllegalArgumentException("No task of transactions: " + task);
        }
        switch (known) {
            case TransactionTask.WriteMarkers write ->
                    markers.write(write, shard, shardEpoch, events);
            case TransactionTask.AllocateProducerId allocate ->
                    producerIds
                            .next()
                            .whenComplete(
                                    (id, failure) ->
                                            events.accept(
                                                    failure == null
                                                            ? new TransactionEvent
                                                                    .ProducerIdAllocated(id)
                                                            : new TransactionEvent
                                                                    .ProducerIdRefused()));
        }
    }
}
