package io.headrace.coordinator.metrics;

import io.headrace.coordinator.group.GroupShard;
import io.headrace.coordinator.group.space.GroupCounters;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.shard.Shard.Phase;
import io.headrace.coordinator.shard.ShardCore;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

/**
 * Meters of groups. Counters are counted as things happen; the gauges show each shard as of the
 * last {@link #refresh}.
 */
public final class GroupMetrics implements GroupCounters, MeterBinder {
    private static final List<String> STATES =
            List.of("PreparingRebalance", "CompletingRebalance", "Stable", "Dead", "Empty");

    private static final List<String> CONSUMER_STATES =
            List.of("Empty", "Assigning", "Reconciling", "Stable");

    private final LongAdder committed = new LongAdder();
    private final LongAdder expired = new LongAdder();
    private final LongAdder deleted = new LongAdder();
    private final LongAdder rebalances = new LongAdder();
    private final Map<Integer, Counts> counts = new ConcurrentHashMap<>();

    /** What a shard holds. */
    private record Counts(
            boolean isServing,
            Map<String, Integer> groups,
            Map<String, Integer> consumerGroups,
            int offsets) {}

    @Override
    public void bindTo(MeterRegistry registry) {
        counter(registry, "offset.commits", committed, "Partition offsets committed");
        counter(
                registry,
                "offset.expirations",
                expired,
                "Partition offsets forgotten after their retention");
        counter(registry, "offset.deletions", deleted, "Partition offsets deleted");
        counter(
                registry,
                "completed.rebalances",
                rebalances,
                "Rebalances of classic groups that became stable");
        for (String state : STATES) {
            Gauge.builder("kafka.coordinator.group.count", () -> groupsIn(state, Counts::groups))
                    .tag("protocol", "classic")
                    .tag("state", state)
                    .description("Groups of the shards that this coordinator owns")
                    .register(registry);
        }
        for (String state : CONSUMER_STATES) {
            Gauge.builder(
                            "kafka.coordinator.group.count",
                            () -> groupsIn(state, Counts::consumerGroups))
                    .tag("protocol", "consumer")
                    .tag("state", state)
                    .description("Groups of the shards that this coordinator owns")
                    .register(registry);
        }
        Gauge.builder("kafka.coordinator.group.offsets", this::offsets)
                .description("Committed offsets kept")
                .register(registry);
        Gauge.builder("kafka.coordinator.group.partitions", () -> shards(true))
                .tag("state", "active")
                .description("Shards of groups by their state")
                .register(registry);
        Gauge.builder("kafka.coordinator.group.partitions", () -> shards(false))
                .tag("state", "loading")
                .description("Shards of groups by their state")
                .register(registry);
    }

    private static void counter(
            MeterRegistry registry, String name, LongAdder count, String description) {
        FunctionCounter.builder("kafka.coordinator.group." + name, count, LongAdder::sum)
                .description(description)
                .register(registry);
    }

    /** Has the gauges show the shards as they are now; takes effect soon after. */
    public void refresh(OwnedShards shards) {
        counts.keySet().retainAll(shards.indexes());
        shards.inspect(this::look);
    }

    private void look(int index, Phase phase, ShardCore core) {
        if (core instanceof GroupShard groups) {
            boolean isServing = phase == Phase.SERVING;
            counts.put(
                    index,
                    new Counts(
                            isServing,
                            groups.groupCounts(),
                            groups.consumerGroupCounts(),
                            groups.offsetCount()));
        }
    }

    private int groupsIn(String state, Function<Counts, Map<String, Integer>> protocol) {
        return counts.values().stream()
                .mapToInt(shard -> protocol.apply(shard).getOrDefault(state, 0))
                .sum();
    }

    private int offsets() {
        return counts.values().stream().mapToInt(Counts::offsets).sum();
    }

    private long shards(boolean serving) {
        return counts.values().stream().filter(shard -> shard.isServing() == serving).count();
    }

    @Override
    public void onOffsetsCommitted(int count) {
        committed.add(count);
    }

    @Override
    public void onOffsetsExpired(int count) {
        expired.add(count);
    }

    @Override
    public void onOffsetsDeleted(int count) {
        deleted.add(count);
    }

    @Override
    public void onRebalanceCompleted() {
        rebalances.increment();
    }
}
