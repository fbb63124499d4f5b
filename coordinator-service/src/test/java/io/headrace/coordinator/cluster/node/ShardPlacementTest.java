package io.headrace.coordinator.cluster.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.random.Seeded;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/** Shards are spread evenly, and move only where that needs it. */
class ShardPlacementTest {
    private static int[] nobody(int shards) {
        int[] owners = new int[shards];
        Arrays.fill(owners, ShardPlacement.NOBODY);
        return owners;
    }

    private static int countOf(int[] owners, int id) {
        return (int) Arrays.stream(owners).filter(owner -> owner == id).count();
    }

    private static int moves(int[] before, int[] after) {
        int moved = 0;
        for (int i = 0; i < before.length; i++) {
            moved += before[i] == after[i] ? 0 : 1;
        }
        return moved;
    }

    @Test
    void aJoinMovesTheNewOnesShareOnly() {
        int[] one = ShardPlacement.spread(nobody(50), List.of(1001));
        assertThat(countOf(one, 1001)).isEqualTo(50);
        int[] two = ShardPlacement.spread(one, List.of(1001, 1002));
        assertThat(countOf(two, 1002)).isEqualTo(25);
        assertThat(moves(one, two)).isEqualTo(25);
        int[] three = ShardPlacement.spread(two, List.of(1001, 1002, 1003));
        assertThat(moves(two, three)).isEqualTo(16);
    }

    @Test
    void aDeathMovesTheDeadOnesShardsOnly() {
        int[] three = ShardPlacement.spread(nobody(50), List.of(1, 2, 3));
        int[] two = ShardPlacement.spread(three, List.of(1, 3));
        for (int shard = 0; shard < 50; shard++) {
            if (three[shard] != 2) {
                assertThat(two[shard]).isEqualTo(three[shard]);
            }
        }
    }

    @Seeded
    void alwaysEvenAlwaysLiveAndStable(RandomGenerator random) {
        int[] owners = nobody(1 + random.nextInt(60));
        for (int step = 0; step < 200; step++) {
            TreeSet<Integer> live = new TreeSet<>();
            live.add(random.nextInt(5));
            for (int id = 0; id < 5; id++) {
                if (random.nextBoolean()) {
                    live.add(id);
                }
            }
            List<Integer> ids = new ArrayList<>(live);
            int[] placed = ShardPlacement.spread(owners, ids);
            int least = ids.stream().mapToInt(id -> countOf(placed, id)).min().orElseThrow();
            int most = ids.stream().mapToInt(id -> countOf(placed, id)).max().orElseThrow();
            assertThat(most - least).isLessThanOrEqualTo(1);
            assertThat(Arrays.stream(placed).allMatch(ids::contains)).isTrue();
            assertThat(ShardPlacement.spread(placed, ids)).containsExactly(placed);
            owners = placed;
        }
    }
}
