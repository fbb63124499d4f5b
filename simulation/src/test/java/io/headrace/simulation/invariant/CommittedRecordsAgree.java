package io.headrace.simulation.invariant;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.simulation.invariant.ReplicaReader.Batch;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.CorruptRangeException;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.errors.ApiException;

import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.WeakHashMap;

/**
 * Below its high watermark every replica holds the same batches as every other, whenever it is
 * looked at; and whoever leads in the newest epoch has all that any ever called committed.
 */
public final class CommittedRecordsAgree implements Invariant {
    private final Map<TopicIdPartition, NavigableMap<Long, Batch>> committed = new HashMap<>();
    private final Map<PartitionLog, Long> checkedTo = new WeakHashMap<>();
    private boolean rots;
    private long checks;

    /**
     * Whether what a replica has may be damaged, and not be read until it is repaired.
     *
     * @param mayBeDamaged if false, all that was read before is read again
     */
    public void rots(boolean mayBeDamaged) {
        rots = mayBeDamaged;
        checkedTo.clear();
    }

    @Override
    public long checks() {
        return checks;
    }

    @Override
    public void onReplica(
            SimulatedStorageNode node, Partition partition, PartitionLog log, MetadataImage truth) {
        NavigableMap<Long, Batch> known =
                committed.computeIfAbsent(partition.id(), id -> new TreeMap<>());
        long end = known.isEmpty() ? 0 : known.lastEntry().getValue().nextOffset();
        PartitionImage image =
                truth.partition(partition.id().topicId(), partition.id().partition());
        boolean leadsNow =
                image != null
                        && image.leaderId() == node.nodeId()
                        && partition.leaderEpoch() == image.leaderEpoch();
        if (leadsNow && log.logEndOffset() < end) {
            throw new AssertionError(
                    "a leader lacks committed records: node %d leads %s in epoch %d with end %d, %d is committed"
                            .formatted(
                                    node.nodeId(),
                                    partition.id().topicPartition(),
                                    partition.leaderEpoch(),
                                    log.logEndOffset(),
                                    end));
        }
        long from = checkedTo.getOrDefault(log, 0L);
        long upTo = log.highWatermark();
        if (leadsNow && from < end) {
            upTo = Math.max(upTo, end);
        }
        if (from >= upTo) {
            return;
        }
        try {
            for (Batch batch : ReplicaReader.read(log, from, upTo)) {
                checks++;
                check(node, partition, known, batch);
                from = batch.nextOffset();
            }
        } catch (ApiException cannotBeReadNow) {
            return;
        } catch (CorruptRangeException damaged) {
            if (rots) {
                return;
            }
            throw damaged;
        }
        checkedTo.put(log, from);
    }

    private static void check(
            SimulatedStorageNode node,
            Partition partition,
            NavigableMap<Long, Batch> known,
            Batch batch) {
        Batch before = known.putIfAbsent(batch.baseOffset(), batch);
        if (before == null) {
            Map.Entry<Long, Batch> last = known.lowerEntry(batch.baseOffset());
            boolean follows =
                    known.lastKey() == batch.baseOffset()
                            && (last == null || last.getValue().nextOffset() == batch.baseOffset());
            if (!follows) {
                throw diverged(node, partition, last == null ? batch : last.getValue(), batch);
            }
        } else if (!before.equals(batch)) {
            throw diverged(node, partition, before, batch);
        }
    }

    private static AssertionError diverged(
            SimulatedStorageNode node, Partition partition, Batch one, Batch other) {
        return new AssertionError(
                "committed records differ: %s was committed as %s, node %d has %s"
                        .formatted(partition.id().topicPartition(), one, node.nodeId(), other));
    }
}
