package io.headrace.storage.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.ConfigRecord;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.concurrent.TimeUnit;

/** Goal: partitions that are named with this node, and no others, wait for their rate (KIP-73). */
class LeaderThrottleTest {
    private static final TopicIdPartition ID = new TopicIdPartition(new Uuid(3, 4), 0, "t");

    private MetadataImage image = MetadataImage.EMPTY;
    private long nowNanos = 5;

    private LeaderThrottle throttle(String replicas) {
        set(2, "t", "leader.replication.throttled.replicas", replicas);
        set(4, "1", "leader.replication.throttled.rate", "1000");
        return new LeaderThrottle(1, () -> image, () -> nowNanos);
    }

    private void set(int type, String resource, String name, String value) {
        ConfigRecord record =
                new ConfigRecord()
                        .setResourceType((byte) type)
                        .setResourceName(resource)
                        .setName(name)
                        .setValue(value);
        image = image.apply(image.nextOffset(), record);
    }

    @Test
    void whatWasSentIsPaidForByWaiting() {
        for (String replicas : List.of("0:1", "*", "3:1, 0:1")) {
            LeaderThrottle throttle = throttle(replicas);
            assertThat(throttle.names(ID)).isTrue();
            assertThat(throttle.waitMs()).isZero();
            throttle.onSent(500);
            assertThat(throttle.waitMs()).isBetween(500L, 501L);
            nowNanos += TimeUnit.MILLISECONDS.toNanos(300);
            throttle.onSent(100);
            assertThat(throttle.waitMs()).isBetween(300L, 301L);
            nowNanos += TimeUnit.MILLISECONDS.toNanos(301);
            assertThat(throttle.waitMs()).isZero();
        }
    }

    /** A pause of a minute does not have the next minute's bytes sent at once. */
    @Test
    void idlenessEarnsNothing() {
        LeaderThrottle throttle = throttle("*");
        nowNanos += TimeUnit.MINUTES.toNanos(1);
        throttle.onSent(500);
        assertThat(throttle.waitMs()).isBetween(500L, 501L);
    }

    @Test
    void othersAreNotThrottled() {
        for (String replicas : List.of("0:2", "1:1", "", "10:1,0:11")) {
            assertThat(throttle(replicas).names(ID)).as(replicas).isFalse();
        }
    }

    /** As kafka-reassign-partitions --verify does at the end. */
    @Test
    void aRateThatIsTakenAwayEndsAllWaiting() {
        LeaderThrottle throttle = throttle("*");
        throttle.onSent(1_000_000);
        set(4, "1", "leader.replication.throttled.rate", "");
        assertThat(throttle.names(ID)).isFalse();
        assertThat(throttle.waitMs()).isZero();
    }
}
