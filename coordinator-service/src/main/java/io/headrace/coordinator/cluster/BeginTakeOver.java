package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.FeatureRecord;
import io.headrace.protocol.metadata.record.ShardOwnerRecord;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a new controller commits before it serves: itself as a coordinator, the feature levels of a
 * new cluster, and itself as the owner of every shard that has no other live owner.
 *
 * <p>A shard whose owner is a new incarnation gets a new epoch, which fences what the old one may
 * still have under way. The answer is how many shards changed.
 */
public record BeginTakeOver(CoordinatorIdentity identity) implements Command<Integer> {

    @Override
    public Decision<Integer> decide(ControllerState state, long nowMs) {
        MetadataImage image = state.image();
        List<ApiMessage> records = new ArrayList<>();
        for (var feature : Features.INITIAL.entrySet()) {
            if (!image.features().containsKey(feature.getKey())) {
                records.add(
                        new FeatureRecord().setName(feature.getKey()).setLevel(feature.getValue()));
            }
        }
        records.add(coordinatorRecord());
        CoordinatorImage before = image.coordinators().get(identity.coordinatorId());
        boolean sameIncarnation =
                before != null && before.incarnationId().equals(identity.incarnationId());
        int changed = 0;
        for (Map.Entry<Byte, String> kind : InternalTopicRules.SHARD_TOPICS.entrySet()) {
            int shards = InternalTopicRules.shardCount(kind.getValue(), state);
            changed += take(kind.getKey(), shards, sameIncarnation, image, records);
        }
        return new Decision<>(records, changed);
    }

    private int take(
            byte kind,
            int shards,
            boolean sameIncarnation,
            MetadataImage image,
            List<ApiMessage> records) {
        int changed = 0;
        for (int shard = 0; shard < shards; shard++) {
            ShardOwnerImage owner = image.shardOwner(kind, shard);
            boolean keeps =
                    owner != null && sameIncarnation && owner.ownerId() == identity.coordinatorId();
            if (!keeps) {
                changed++;
                records.add(
                        new ShardOwnerRecord()
                                .setKind(kind)
                                .setShard(shard)
                                .setOwnerId(identity.coordinatorId())
                                .setShardEpoch(owner == null ? 0 : owner.shardEpoch() + 1));
            }
        }
        return changed;
    }

    private CoordinatorRecord coordinatorRecord() {
        CoordinatorRecord.CoordinatorApiCollection apis =
                new CoordinatorRecord.CoordinatorApiCollection();
        for (Map.Entry<Short, CoordinatorImage.VersionRange> api : identity.apis().entrySet()) {
            apis.add(
                    new CoordinatorRecord.CoordinatorApi()
                            .setApiKey(api.getKey())
                            .setMinVersion(api.getValue().min())
                            .setMaxVersion(api.getValue().max()));
        }
        return new CoordinatorRecord()
                .setCoordinatorId(identity.coordinatorId())
                .setIncarnationId(identity.incarnationId())
                .setHost(identity.host())
                .setPort(identity.port())
                .setApis(apis);
    }
}
