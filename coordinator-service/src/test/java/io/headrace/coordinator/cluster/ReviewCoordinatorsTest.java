package io.headrace.coordinator.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.node.BeginTakeOver;
import io.headrace.coordinator.cluster.node.ReviewCoordinators;
import io.headrace.protocol.metadata.ShardOwnerImage;

import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Coordinators come and go; shards follow, each time in a new epoch. */
class ReviewCoordinatorsTest {
    private final Nodes nodes = new Nodes();
    private final CoordinatorIdentity first = identity(1001, 1);
    private final CoordinatorIdentity second = identity(1002, 2);

    private static CoordinatorIdentity identity(int id, long incarnation) {
        return new CoordinatorIdentity(id, new Uuid(9, incarnation), "host", 9000 + id, Map.of());
    }

    private ShardOwnerImage owner(int shard) {
        return Objects.requireNonNull(nodes.image().shardOwner(ShardOwnerImage.GROUP, shard));
    }

    private long ownedBy(int id) {
        long count = 0;
        for (int shard = 0; shard < Nodes.RULES.offsetsPartitions(); shard++) {
            count += owner(shard).ownerId() == id ? 1 : 0;
        }
        return count;
    }

    @Test
    void oneOwnsAllAndTwoShare() {
        nodes.decide(new BeginTakeOver(List.of(first)));
        assertThat(ownedBy(1001)).isEqualTo(50);
        nodes.decide(new ReviewCoordinators(List.of(first, second)));
        assertThat(ownedBy(1001)).isEqualTo(25);
        assertThat(ownedBy(1002)).isEqualTo(25);
        for (int shard = 0; shard < 50; shard++) {
            boolean moved = owner(shard).ownerId() == 1002;
            assertThat(owner(shard).shardEpoch()).isEqualTo(moved ? 1 : 0);
        }
        assertThat(nodes.image().coordinators()).containsOnlyKeys(1001, 1002);
    }

    @Test
    void lookingAgainChangesNothing() {
        nodes.decide(new BeginTakeOver(List.of(first, second)));
        Decision<Integer> again =
                nodes.state().decide(new ReviewCoordinators(List.of(first, second)), 0);
        assertThat(again.records()).isEmpty();
    }

    @Test
    void aNewIncarnationKeepsItsShardsInANewEpoch() {
        nodes.decide(new BeginTakeOver(List.of(first, second)));
        int moved = nodes.decide(new ReviewCoordinators(List.of(first, identity(1002, 3))));
        // Its epochs are not those that the earlier incarnation may still write in.
        for (int shard = 0; shard < 50; shard++) {
            boolean reborn = owner(shard).ownerId() == 1002;
            assertThat(owner(shard).shardEpoch()).isEqualTo(reborn ? 1 : 0);
        }
        assertThat(moved).as("half of the shards of all three kinds").isEqualTo(75);
    }

    @Test
    void oneThatIsGoneStaysKnownAndOwnsNothing() {
        nodes.decide(new BeginTakeOver(List.of(first, second)));
        nodes.decide(new ReviewCoordinators(List.of(second)));
        assertThat(ownedBy(1002)).isEqualTo(50);
        assertThat(nodes.image().coordinators()).containsKey(1001);
    }
}
