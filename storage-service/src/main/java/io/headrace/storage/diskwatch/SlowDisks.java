package io.headrace.storage.diskwatch;

import org.apache.kafka.common.Uuid;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which log directories of a node are slow, by {@link SlowDiskRule}. Confined to who looks. */
final class SlowDisks {
    private final long limitMs;
    private final Map<Uuid, SlowDiskRule> rules = new HashMap<>();

    /**
     * @param limitMs a directory whose flushes take so long is slow
     */
    SlowDisks(long limitMs) {
        this.limitMs = limitMs;
    }

    /** Takes a look at every directory into account and answers those that are slow now. */
    Set<Uuid> look(Map<Uuid, FlushSample> samples) {
        Set<Uuid> slow = new TreeSet<>();
        rules.keySet().retainAll(samples.keySet());
        samples.forEach(
                (directory, sample) -> {
                    SlowDiskRule rule =
                            rules.computeIfAbsent(directory, id -> new SlowDiskRule(limitMs));
                    if (rule.look(sample)) {
                        slow.add(directory);
                    }
                });
        return slow;
    }
}
