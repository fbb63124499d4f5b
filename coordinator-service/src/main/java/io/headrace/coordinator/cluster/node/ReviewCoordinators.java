package io.headrace.coordinator.cluster.node;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.InternalTopicRules;
import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.record.ShardOwnerRecord;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes live coordinators known and spreads the shards over them. The answer is how many shards got
 * a new epoch.
 *
 * <p>A shard changes its epoch when its owner changes, and when its owner is a new incarnation:
 * that fences what the old one may still have under way. Deciding again with the same live
 * coordinators changes nothing.
 *
 * @param live the coordinators that are alive; at least one
 */
public record ReviewCoordinators(List<CoordinatorIdentity> live) implements Command<Integer> {
    @Override
    public Decision<Integer> decide(ControllerState state, long nowMs) {
        MetadataImage image = state.image();
        List<ApiMessage> records = new ArrayList<>();
        Set<Integer> ids = new TreeSet<>();
        Set<Integer> reborn = new HashSet<>();
        for (CoordinatorIdentity each : live) {
            ids.add(each.coordinatorId());
            CoordinatorImage known = image.coordinators().get(each.coordinatorId());
            if (!each.isKnownAs(known)) {
                records.add(each.toRecord());
            }
            if (known == null || !known.incarnationId().equals(each.incarnationId())) {
                reborn.add(each.coordinatorId());
            }
        }
        int registrations = records.size();
        for (Map.Entry<Byte, Integer> kind : InternalTopicRules.shards(state).entrySet()) {
            place(image, kind.getKey(), kind.getValue(), List.copyOf(ids), reborn, records);
        }
        return new Decision<>(records, records.size() - registrations);
    }

    private static void place(
            MetadataImage image,
            byte kind,
            int shards,
            List<Integer> ids,
            Set<Integer> reborn,
            List<ApiMessage> records) {
        int[] owners = new int[shards];
        for (int shard = 0; shard < shards; shard++) {
            ShardOwnerImage owner = image.shardOwner(kind, shard);
            owners[shard] = owner == null ? ShardPlacement.NOBODY : owner.ownerId();
        }
        int[] placed = ShardPlacement.spread(owners, ids);
        for (int shard = 0; shard < shards; shard++) {
            if (placed[shard] != owners[shard] || reborn.contains(placed[shard])) {
                ShardOwnerImage before = image.shardOwner(kind, shard);
                records.add(
                        new ShardOwnerRecord()
                                .setKind(kind)
                                .setShard(shard)
                                .setOwnerId(placed[shard])
                                .setShardEpoch(before == null ? 0 : before.shardEpoch() + 1));
            }
        }
    }
}
