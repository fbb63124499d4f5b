package io.headrace.gateway.fanout;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import reactor.core.publisher.Mono;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

class SharedDeliveriesTest {
    private static final List<TopicPartition> PARTITIONS =
            List.of(new TopicPartition("t", 0), new TopicPartition("t", 1));

    private final SharedDeliveries deliveries = new SharedDeliveries();

    private static Demand demand(int maxRecords, long maxBytes) {
        List<Demand> made = new ArrayList<>();
        Mono.<Delivery>create(
                        sink -> {
                            made.add(
                                    new Demand(
                                            maxRecords,
                                            maxBytes,
                                            Duration.ZERO,
                                            true,
                                            Duration.ZERO,
                                            sink));
                            sink.success();
                        })
                .block();
        return made.getFirst();
    }

    private static SharedDeliveries.Start start(long... positions) {
        return SharedDeliveries.Start.of(PARTITIONS, positions);
    }

    private static Delivery delivery() {
        return new Delivery(List.of(), List.of(), Map.of(), null);
    }

    private Delivery keep(SharedDeliveries.Start start, Demand demand, long bytes, boolean all) {
        Delivery delivery = delivery();
        deliveries.keep(start, demand, bytes, all, new long[] {5, 6}, delivery);
        return delivery;
    }

    private @Nullable Delivery find(SharedDeliveries.Start start, Demand demand) {
        SharedDeliveries.Shared found = deliveries.find(start, demand);
        return found == null ? null : found.delivery();
    }

    @Test
    void whatWasAllSuitsWhoeverIsThereAndTakesAsMuchUntilMoreComes() {
        Delivery all = keep(start(1, 2), demand(10, 1000), 500, true);
        assertThat(find(start(1, 2), demand(10, 1000))).isSameAs(all);
        assertThat(find(start(1, 2), demand(99, 500))).isSameAs(all);
        assertThat(find(start(1, 2), demand(99, 499))).isNull();
        assertThat(find(start(2, 1), demand(10, 1000))).isNull();
        assertThat(
                        find(
                                SharedDeliveries.Start.of(
                                        List.of(PARTITIONS.get(1), PARTITIONS.get(0)),
                                        new long[] {1, 2}),
                                demand(10, 1000)))
                .isNull();
        deliveries.onContentsChanged();
        assertThat(find(start(1, 2), demand(10, 1000))).isNull();
    }

    @Test
    void whatWasCutSuitsWhoeverIsThereAndTakesJustAsMuch() {
        Delivery cut = keep(start(1, 2), demand(10, 1000), 990, false);
        deliveries.onContentsChanged();
        assertThat(find(start(1, 2), demand(10, 1000))).isSameAs(cut);
        assertThat(find(start(1, 2), demand(11, 1000))).isNull();
        assertThat(find(start(1, 2), demand(10, 1001))).isNull();
        deliveries.clear();
        assertThat(find(start(1, 2), demand(10, 1000))).isNull();
    }

    @Test
    void fewAndSmallOnesAreKept() {
        keep(start(0, 0), demand(10, 1L << 30), SharedDeliveries.MAX_BYTES + 1, false);
        assertThat(find(start(0, 0), demand(10, 1L << 30))).isNull();
        for (int i = 0; i <= SharedDeliveries.KEPT; i++) {
            keep(start(i, i), demand(10, 1000), 100, false);
        }
        assertThat(find(start(0, 0), demand(10, 1000))).isNull();
        for (int i = 1; i <= SharedDeliveries.KEPT; i++) {
            assertThat(Objects.requireNonNull(find(start(i, i), demand(10, 1000)))).isNotNull();
        }
    }

    @Test
    void everyPartitionComesFirstSooner() {
        Set<Integer> turns = new HashSet<>();
        // As many records each time as keep their number modulo the partitions the same.
        for (int i = 0; i < 50; i++) {
            turns.add(start(250L * i, 0).turn());
        }
        assertThat(turns).containsExactlyInAnyOrder(0, 1);
    }
}
