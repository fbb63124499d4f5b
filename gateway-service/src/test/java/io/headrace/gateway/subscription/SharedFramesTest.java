package io.headrace.gateway.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.consume.ConsumedRecord;
import io.headrace.gateway.fanout.Delivery;
import io.headrace.gateway.record.Representation;
import io.headrace.gateway.record.TopicCatalog.TopicShape;
import io.headrace.gateway.record.WrittenRecords;
import io.headrace.protocol.batch.TimestampType;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

class SharedFramesTest {
    private static final List<TopicShape> TOPICS =
            List.of(new TopicShape("t", Uuid.randomUuid(), 1, false));

    private final SharedFrames frames = new SharedFrames(new WrittenRecords());

    private static Delivery delivery(long offset, int valueBytes) {
        ConsumedRecord record =
                new ConsumedRecord(
                        new TopicPartition("t", 0),
                        offset,
                        0,
                        1000,
                        TimestampType.CREATE_TIME,
                        null,
                        ByteBuffer.wrap("v".repeat(valueBytes).getBytes(StandardCharsets.UTF_8)),
                        List.of());
        return new Delivery(List.of(record), List.of(), Map.of(), null);
    }

    private static String text(ByteBuffer frame) {
        return StandardCharsets.UTF_8.decode(frame.duplicate()).toString();
    }

    private ByteBuffer frame(
            String sub, Representation as, Delivery delivery, @Nullable List<TopicShape> topics) {
        String cursor = "c" + delivery.records().getFirst().offset() + topics;
        return frames.records(sub, as, delivery, () -> cursor, topics);
    }

    @Test
    void everySubscriberGetsWhatItWouldGetAlone() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("-Dseed=" + seed);
        Random random = new Random(seed);
        List<Delivery> deliveries = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            deliveries.add(delivery(i / 2, random.nextInt(300)));
        }
        List<TopicShape> others = List.of(new TopicShape("t", Uuid.randomUuid(), 1, false));
        Representation[] forms = Representation.values();
        int shared = 0;
        for (int i = 0; i < 20_000; i++) {
            Delivery delivery = deliveries.get(random.nextInt(3) + 3 * (i / 1000));
            String sub = "s" + random.nextInt(2);
            Representation as = forms[random.nextInt(2)];
            List<TopicShape> topics = random.nextBoolean() ? TOPICS : others;
            ByteBuffer frame = frame(sub, as, delivery, topics);
            String cursor = "c" + delivery.records().getFirst().offset() + topics;
            ByteBuffer alone =
                    ServerFrames.records(sub, delivery, as, cursor, new WrittenRecords());
            assertThat(text(frame)).isEqualTo(text(alone));
            shared += frame.isDirect() ? 1 : 0;
        }
        assertThat(shared).isGreaterThan(1000);
    }

    @Test
    void aFrameIsKeptFromItsSecondSubscriberOnIfItIsSmall() {
        Delivery small = delivery(1, 10);
        assertThat(frame("s", Representation.AUTO, small, TOPICS).isDirect()).isFalse();
        assertThat(frame("s", Representation.AUTO, small, TOPICS).isDirect()).isFalse();
        assertThat(frame("s", Representation.AUTO, small, TOPICS).isDirect()).isTrue();
        Delivery large = delivery(2, SharedFrames.MAX_BYTES);
        Delivery placedElsewhere = delivery(3, 10);
        for (int i = 0; i < 5; i++) {
            assertThat(frame("s", Representation.AUTO, large, TOPICS).isDirect()).isFalse();
            assertThat(frame("s", Representation.AUTO, placedElsewhere, null).isDirect()).isFalse();
        }
    }
}
