package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.message.ReportLoadRequestData;
import io.headrace.protocol.message.ReportLoadRequestData.LeaderLoad;
import io.headrace.storage.partition.PartitionStats;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** What leaders append between two looks, with a bound on how many are named. */
class LoadMeterTest {
    private static final Uuid TOPIC = new Uuid(1, 2);

    private final LoadMeter meter = new LoadMeter();
    private final Map<TopicIdPartition, PartitionStats> stats = new HashMap<>();

    private void set(int partition, boolean leads, long appendedBytes) {
        stats.put(
                new TopicIdPartition(TOPIC, partition, "t"),
                new PartitionStats(leads, false, 0, 0, 0, appendedBytes));
    }

    private ReportLoadRequestData measure(long nowMs) {
        return Objects.requireNonNull(meter.measure(stats, nowMs));
    }

    @Test
    void whatLeadersAppendedSinceTheLastLook() {
        set(0, true, 1_000_000);
        set(1, false, 0);
        assertThat(meter.measure(stats, 5_000)).as("the first look").isNull();
        set(0, true, 1_050_000);
        set(1, false, 70_000);
        set(2, true, 90_000);
        ReportLoadRequestData load = measure(15_000);
        assertThat(load.partitions())
                .as("no follower, and nothing of one that is new")
                .singleElement()
                .isEqualTo(
                        new LeaderLoad()
                                .setTopicId(TOPIC)
                                .setPartitionId(0)
                                .setBytesPerSecond(5_000));
        assertThat(load.otherBytesPerSecond()).isZero();
        assertThat(measure(25_000).partitions()).isEmpty();
    }

    @Test
    void onlyTheBusiestAreNamed() {
        for (int i = 0; i < 2 * LoadMeter.MAX_PARTITIONS; i++) {
            set(i, true, 0);
        }
        assertThat(meter.measure(stats, 0)).isNull();
        for (int i = 0; i < 2 * LoadMeter.MAX_PARTITIONS; i++) {
            set(i, true, i < LoadMeter.MAX_PARTITIONS ? 1 : 3);
        }
        ReportLoadRequestData load = measure(1_000);
        assertThat(load.partitions())
                .hasSize(LoadMeter.MAX_PARTITIONS)
                .allMatch(each -> each.bytesPerSecond() == 3);
        assertThat(load.otherBytesPerSecond()).isEqualTo(LoadMeter.MAX_PARTITIONS);
    }
}
