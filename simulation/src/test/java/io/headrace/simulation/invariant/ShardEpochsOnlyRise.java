package io.headrace.simulation.invariant;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.message.ShardAppendRequestData;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.simulation.invariant.ReplicaReader.Batch;
import io.headrace.simulation.network.Witness;
import io.headrace.storage.SimulatedStorageNode;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;

/**
 * In a shard's log nothing of an older owner follows what a newer one wrote, and each append stands
 * where its owner expected the log to end. Whose an append is was noted when it was sent.
 */
public final class ShardEpochsOnlyRise implements Invariant, Witness {
    private static final Set<String> SHARD_TOPICS =
            Set.of(
                    Topic.GROUP_METADATA_TOPIC_NAME,
                    Topic.TRANSACTION_STATE_TOPIC_NAME,
                    Topic.SHARE_GROUP_STATE_TOPIC_NAME);

    /**
     * What an owner sent.
     *
     * @param at where it was to stand, or -1
     */
    private record Sent(int shardEpoch, long at) {}

    private record Key(Uuid topicId, int partition, long content) {}

    private record Checked(long upTo, int shardEpoch) {}

    private final Map<Key, Set<Sent>> sent = new HashMap<>();
    private final Map<PartitionLog, Checked> checked = new WeakHashMap<>();
    private long checks;

    @Override
    public long checks() {
        return checks;
    }

    @Override
    public void onRequest(String from, String to, short apiKey, ApiMessage body) {
        if (!(body instanceof ShardAppendRequestData append)) {
            return;
        }
        ByteBuffer records = RecordsField.bytes(append.records());
        if (records == null) {
            return;
        }
        long at = append.expectedEndOffset();
        BatchSet batches = BatchSet.of(records);
        while (batches.next()) {
            Batch batch = ReplicaReader.batchAt(records, batches);
            sent.computeIfAbsent(
                            new Key(append.topicId(), append.partition(), batch.content()),
                            key -> new HashSet<>(2))
                    .add(new Sent(append.shardEpoch(), at));
            at = at < 0 ? at : at + batch.nextOffset() - batch.baseOffset();
        }
    }

    @Override
    public void onReplica(
            SimulatedStorageNode node, Partition partition, PartitionLog log, MetadataImage truth) {
        if (!SHARD_TOPICS.contains(partition.id().topic())) {
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
                epoch = Math.max(epoch, check(partition, batch, epoch));
                upTo = batch.nextOffset();
            }
        } catch (ApiException cannotBeReadNow) {
            return;
        }
        checked.put(log, new Checked(upTo, epoch));
    }

    /** The lowest epoch in which the batch may have been sent. */
    private int check(Partition partition, Batch batch, int after) {
        checks++;
        @Nullable Set<Sent> known =
                sent.get(
                        new Key(
                                partition.id().topicId(),
                                partition.id().partition(),
                                batch.content()));
        if (known == null) {
            throw new AssertionError(
                    "nobody sent the batch at offset %d of %s"
                            .formatted(batch.baseOffset(), partition.id().topicPartition()));
        }
        int lowest = Integer.MAX_VALUE;
        for (Sent each : known) {
            boolean fits = each.at() < 0 || each.at() == batch.baseOffset();
            if (fits && each.shardEpoch() >= after) {
                lowest = Math.min(lowest, each.shardEpoch());
            }
        }
        if (lowest == Integer.MAX_VALUE) {
            throw new AssertionError(
                    "an append of a fenced owner, or at another end than expected: %s at offset %d, after one of epoch %d, holds %s"
                            .formatted(
                                    partition.id().topicPartition(),
                                    batch.baseOffset(),
                                    after,
                                    known));
        }
        return lowest;
    }
}
