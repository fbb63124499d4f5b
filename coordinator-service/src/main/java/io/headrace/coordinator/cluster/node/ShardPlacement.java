package io.headrace.coordinator.cluster.node;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Which coordinator gets which shard: as even as can be, with as few moves as that takes. */
final class ShardPlacement {
    /** The owner of a shard that never had one. */
    static final int NOBODY = -1;

    private ShardPlacement() {}

    /**
     * Spreads shards over coordinators; counts then differ by at most one.
     *
     * @param owners the owner of each shard now, live or not
     * @param live the coordinators that may own shards, at least one, in ascending order
     * @return the owner of each shard from now on
     */
    static int[] spread(int[] owners, List<Integer> live) {
        Map<Integer, Integer> counts = new TreeMap<>();
        live.forEach(id -> counts.put(id, 0));
        int[] placed = owners.clone();
        for (int owner : owners) {
            counts.computeIfPresent(owner, (id, count) -> count + 1);
        }
        for (int shard = 0; shard < placed.length; shard++) {
            if (!counts.containsKey(placed[shard])) {
                placed[shard] = least(counts);
                counts.merge(placed[shard], 1, Integer::sum);
            }
        }
        int from = most(counts);
        int to = least(counts);
        for (int shard = placed.length - 1; isUneven(counts, from, to); shard--) {
            if (shard < 0) {
                shard = placed.length - 1;
            }
            if (placed[shard] == from) {
                placed[shard] = to;
                counts.merge(from, -1, Integer::sum);
                counts.merge(to, 1, Integer::sum);
                from = most(counts);
                to = least(counts);
            }
        }
        return placed;
    }

    private static boolean isUneven(Map<Integer, Integer> counts, int from, int to) {
        return counts.getOrDefault(from, 0) - counts.getOrDefault(to, 0) > 1;
    }

    /** The coordinator with the most shards, the lowest id of several. */
    private static int most(Map<Integer, Integer> counts) {
        int best = NOBODY;
        int greatest = -1;
        for (Map.Entry<Integer, Integer> each : counts.entrySet()) {
            if (each.getValue() > greatest) {
                best = each.getKey();
                greatest = each.getValue();
            }
        }
        return best;
    }

    /** The coordinator with the fewest shards, the lowest id of several. */
    private static int least(Map<Integer, Integer> counts) {
        int best = NOBODY;
        int fewest = Integer.MAX_VALUE;
        for (Map.Entry<Integer, Integer> each : counts.entrySet()) {
            if (each.getValue() < fewest) {
                best = each.getKey();
                fewest = each.getValue();
            }
        }
        return best;
    }
}
