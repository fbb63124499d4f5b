package io.headrace.coordinator.recovery;

import io.headrace.coordinator.recovery.NodeReport.ReportedLog;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.SnapshotRecords;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.ProducerIdsRecord;
import io.headrace.protocol.metadata.record.ShardOwnerRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A lost image made good: whole, with every epoch, offset and id above all that was shown.
 *
 * <p>Every node gets a new node epoch, which its process takes over by registering again; in the
 * ISRs the incarnations stay the same. So a process that registered in the other history under an
 * epoch by chance the same is not taken for the one that was in sync.
 */
final class RecoveredImage {
    /** Above offsets that nodes without a report may have applied. */
    private static final long OFFSET_MARGIN = 10_000;

    /** Above epochs that no image has, as their last changes reached no node. */
    private static final int SHARD_EPOCH_MARGIN = 10;

    private static final long PRODUCER_ID_MARGIN = 1_000_000;

    private final MetadataImage truth;
    private final MetadataImage database;
    private final List<TopicImage> kept;
    private final List<MetadataImage> shown;
    private final Set<Integer> strayed;
    private final Map<Key, Integer> leaderEpochs = new HashMap<>();
    private final Map<Key, Integer> partitionEpochs = new HashMap<>();
    private final Map<IsrMember, Long> nodeEpochs = new HashMap<>();
    private long nextOffset;

    private record Key(Uuid topicId, int partition) {}

    /**
     * @param kept topics that only the database knows and that stay
     * @param shown every image that anybody has shown, these two among them
     * @param strayed nodes that have followed the database since the loss: they are in sync with
     *     nobody else
     */
    RecoveredImage(
            MetadataImage truth,
            MetadataImage database,
            List<TopicImage> kept,
            List<MetadataImage> shown,
            List<ReportedLog> logs,
            Set<Integer> strayed) {
        this.strayed = Set.copyOf(strayed);
        this.truth = truth;
        this.database = database;
        this.kept = kept;
        this.shown = shown;
        for (MetadataImage image : shown) {
            nextOffset = Math.max(nextOffset, image.nextOffset());
            for (TopicImage topic : image.topicsById().values()) {
                for (PartitionImage partition : topic.partitions().values()) {
                    Key key = new Key(topic.topicId(), partition.partition());
                    leaderEpochs.merge(key, partition.leaderEpoch(), Math::max);
                    partitionEpochs.merge(key, partition.partitionEpoch(), Math::max);
                }
            }
        }
        for (ReportedLog log : logs) {
            leaderEpochs.merge(
                    new Key(log.topicId(), log.partition()), log.leaderEpoch(), Math::max);
        }
        nextOffset += OFFSET_MARGIN;
    }

    MetadataImage make(Uuid takeOverId) {
        List<ApiMessage> records = new ArrayList<>();
        Set<Integer> nodeIds = new HashSet<>();
        for (MetadataImage image : List.of(truth, database)) {
            for (NodeImage node : image.nodes().values()) {
                if (nodeIds.add(node.nodeId())) {
                    nodeEpochs.put(new IsrMember(node.nodeId(), node.nodeEpoch()), nextOffset);
                    records.add(node.toRecord(node.fenced()).setNodeEpoch(nextOffset++));
                }
            }
        }
        for (ApiMessage record : SnapshotRecords.of(truth)) {
            switch (record) {
                case TakeOverRecord last -> records.add(takeOver(takeOverId));
                case PartitionRecord partition -> records.add(raised(partition));
                case NodeRecord node -> {
                    // above, with a new epoch
                }
                case CoordinatorRecord coordinator -> {
                    // the database knows who runs now
                }
                case ShardOwnerRecord owner -> {
                    // below, those of all images
                }
                case ProducerIdsRecord ids -> {
                    // below, above those of all images
                }
                default -> records.add(record);
            }
        }
        addOfDatabase(records);
        addShardOwners(records);
        long nextProducerId =
                shown.stream().mapToLong(MetadataImage::nextProducerId).max().orElse(0);
        records.add(new ProducerIdsRecord().setNextProducerId(nextProducerId + PRODUCER_ID_MARGIN));
        return MetadataImage.EMPTY.applyAll(records, nextOffset + 1);
    }

    private TakeOverRecord takeOver(Uuid takeOverId) {
        long newest = shown.stream().mapToLong(MetadataImage::controllerEpoch).max().orElse(-1);
        return new TakeOverRecord()
                .setControllerId(-1)
                .setControllerEpoch(newest + 1)
                .setTakeOverId(takeOverId);
    }

    private void addOfDatabase(List<ApiMessage> records) {
        Set<Uuid> keptIds = new HashSet<>();
        Set<String> keptNames = new HashSet<>();
        for (TopicImage topic : kept) {
            keptIds.add(topic.topicId());
            keptNames.add(topic.name());
        }
        for (ApiMessage record : SnapshotRecords.of(database)) {
            switch (record) {
                case CoordinatorRecord coordinator -> records.add(coordinator);
                case TopicRecord topic when keptIds.contains(topic.topicId()) -> records.add(topic);
                case PartitionRecord partition when keptIds.contains(partition.topicId()) ->
                        records.add(raised(partition));
                case ConfigRecord config
                        when config.resourceType() == ConfigResourceKey.TOPIC
                                && keptNames.contains(config.resourceName()) ->
                        records.add(config);
                default -> {
                    // the lost history says otherwise
                }
            }
        }
    }

    /**
     * The partition in a later epoch, its incarnations under their new epochs. Strayed nodes are
     * out of sync unless nobody else is in sync.
     */
    private PartitionRecord raised(PartitionRecord partition) {
        Key key = new Key(partition.topicId(), partition.partitionId());
        boolean someoneStayed = hasStayed(partition, strayed);
        List<Integer> eligible = new ArrayList<>(partition.eligibleLeaderReplicas());
        List<PartitionRecord.IsrMember> isr = new ArrayList<>();
        if (someoneStayed) {
            eligible.removeAll(strayed);
        }
        boolean leads = !someoneStayed || !strayed.contains(partition.leader());
        int leader = leads ? partition.leader() : -1;
        for (var member : partition.isr()) {
            if (someoneStayed && strayed.contains(member.nodeId())) {
                continue;
            }
            isr.add(
                    new PartitionRecord.IsrMember()
                            .setNodeId(member.nodeId())
                            .setNodeEpoch(renewed(member.nodeId(), member.nodeEpoch())));
        }
        return partition
                .duplicate()
                .setIsr(isr)
                .setEligibleLeaderReplicas(eligible)
                .setLeader(leader)
                .setLeaderNodeEpoch(leads ? renewed(leader, partition.leaderNodeEpoch()) : -1)
                .setLeaderEpoch(1 + leaderEpochs.getOrDefault(key, partition.leaderEpoch()))
                .setPartitionEpoch(
                        1 + partitionEpochs.getOrDefault(key, partition.partitionEpoch()));
    }

    /** Whether a replica in sync has not strayed. */
    static boolean hasStayed(PartitionRecord partition, Set<Integer> strayed) {
        for (var member : partition.isr()) {
            if (!strayed.contains(member.nodeId())) {
                return true;
            }
        }
        return false;
    }

    private long renewed(int nodeId, long nodeEpoch) {
        return nodeEpochs.getOrDefault(new IsrMember(nodeId, nodeEpoch), nodeEpoch);
    }

    private void addShardOwners(List<ApiMessage> records) {
        Map<ShardOwnerImage.Key, ShardOwnerImage> owners = new HashMap<>();
        for (MetadataImage image : shown) {
            image.shardOwners()
                    .forEach(
                            (key, owner) ->
                                    owners.merge(
                                            key,
                                            owner,
                                            (a, b) -> a.shardEpoch() >= b.shardEpoch() ? a : b));
        }
        owners.forEach(
                (key, owner) ->
                        records.add(
                                new ShardOwnerRecord()
                                        .setKind(key.kind())
                                        .setShard(key.shard())
                                        .setOwnerId(owner.ownerId())
                                        .setShardEpoch(owner.shardEpoch() + SHARD_EPOCH_MARGIN)));
    }
}
