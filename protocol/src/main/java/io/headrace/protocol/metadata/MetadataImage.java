package io.headrace.protocol.metadata;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * The cluster's metadata after some prefix of the metadata log. Immutable; {@link #apply} gives the
 * next image and shares all that did not change.
 *
 * @param nextOffset the offset of the first record not applied
 * @param controllerEpoch the epoch of the last take-over applied, or -1
 * @param takeOverId the random id of that take-over
 */
public record MetadataImage(
        long nextOffset,
        String clusterId,
        int controllerId,
        long controllerEpoch,
        Uuid takeOverId,
        PMap<Uuid, TopicImage> topicsById,
        PMap<String, Uuid> topicIds,
        PMap<ConfigResourceKey, PMap<String, String>> configs,
        PMap<Integer, NodeImage> nodes,
        PMap<Integer, CoordinatorImage> coordinators,
        PMap<ShardOwnerImage.Key, ShardOwnerImage> shardOwners,
        PMap<String, Short> features,
        long nextProducerId) {

    /** The image before any record. */
    public static final MetadataImage EMPTY =
            new MetadataImage(
                    0,
                    "",
                    -1,
                    -1,
                    Uuid.ZERO_UUID,
                    HashTreePMap.empty(),
                    HashTreePMap.empty(),
                    HashTreePMap.empty(),
                    HashTreePMap.empty(),
                    HashTreePMap.empty(),
                    HashTreePMap.empty(),
                    HashTreePMap.empty(),
                    0);

    /**
     * The image after one more record.
     *
     * @param offset the record's offset, which must be the next one or later (a snapshot skips)
     */
    public MetadataImage apply(long offset, ApiMessage record) {
        if (offset < nextOffset) {
            throw new IllegalArgumentException(
                    "Record " + offset + " was applied already; next is " + nextOffset);
        }
        ImageBuilder builder = new ImageBuilder(this);
        builder.apply(record);
        return builder.build(offset + 1);
    }

    /** The image after several records that end just before {@code nextOffset}. */
    public MetadataImage applyAll(Iterable<? extends ApiMessage> records, long nextOffset) {
        ImageBuilder builder = new ImageBuilder(this);
        for (ApiMessage record : records) {
            builder.apply(record);
        }
        return builder.build(nextOffset);
    }

    public @Nullable TopicImage topic(String name) {
        Uuid topicId = topicIds.get(name);
        return topicId == null ? null : topicsById.get(topicId);
    }

    public @Nullable TopicImage topic(Uuid topicId) {
        return topicsById.get(topicId);
    }

    public @Nullable PartitionImage partition(Uuid topicId, int partition) {
        TopicImage topic = topicsById.get(topicId);
        return topic == null ? null : topic.partition(partition);
    }

    /** The configs set on a resource itself, without defaults. */
    public PMap<String, String> configsOf(ConfigResourceKey resource) {
        return configs.getOrDefault(resource, HashTreePMap.empty());
    }

    /** The owner of a shard, or null when none was ever named. */
    public @Nullable ShardOwnerImage shardOwner(byte kind, int shard) {
        return shardOwners.get(new ShardOwnerImage.Key(kind, shard));
    }

    /** Whether that very incarnation of the node is registered and not fenced. */
    public boolean isActive(int nodeId, long nodeEpoch) {
        NodeImage node = nodes.get(nodeId);
        return node != null && !node.fenced() && node.nodeEpoch() == nodeEpoch;
    }

    /**
     * Whether a node is unfenced and the log directory of its replica, if known, has not failed.
     */
    public boolean isOnline(PartitionImage partition, int nodeId) {
        NodeImage node = nodes.get(nodeId);
        if (node == null || node.fenced()) {
            return false;
        }
        Uuid logDir = partition.logDirOf(nodeId);
        return logDir.equals(Uuid.ZERO_UUID) || node.logDirs().contains(logDir);
    }
}
