package io.headrace.simulation.invariant;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.simulation.invariant.ReplicaReader.Batch;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.internals.Topic;

import java.util.Map;
import java.util.WeakHashMap;

/** In a shard's log nothing of an older owner follows what a newer one wrote. */
public final class ShardEpochsOnlyRise implements Invariant {
    private record Checked(long upTo, int shardEpoch) {}

    private final Map<PartitionLog, Checked> checked = new WeakHashMap<>();

    @Override
    public void onReplica(
            SimulatedStorageNode node, Partition partition, PartitionLog log, MetadataImage truth) {
        if (!partition.id().topic().equals(Topic.GROUP_METADATA_TOPIC_NAME)) {
            return;
        }
        Checked before = checked.getOrDefault(log, new Checked(0, -1));
        if (before.upTo() >= log.highWatermark()) {
            return;
        }
        int epoch = before.shardEpoch();
        long upTo = before.upTo();
        try {
            for (Batch batch : ReplicaReader.read(log, before.upTo(), log.highWatermark())) {
                if (batch.shardEpoch() >= 0 && batch.shardEpoch() < epoch) {
                    throw new AssertionError(
                            "an owner of shard epoch %d wrote at offset %d after one of epoch %d"
                                    .formatted(batch.shardEpoch(), batch.baseOffset(), epoch));
                }
                epoch = Math.max(epoch, batch.shardEpoch());
                upTo = batch.nextOffset();
            }
        } catch (ApiException cannotBeReadNow) {
            return;
        }
        checked.put(log, new Checked(upTo, epoch));
    }
}
