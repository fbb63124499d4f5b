package io.headrace.coordinator.cluster;

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
        for (int shard = placed.length - 1; shard >= 0; shard--) {
            int to = least(counts);
            int from = placed[shard];
            if (counts.getOrDefault(from, 0) - counts.getOrDefault(to, 0) > 1) {
                placed[shard] = to;
                counts.merge(from, -1, Integer::sum);
                counts.merge(to, 1, Integer::sum);
            }
        }
        return placed;
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
