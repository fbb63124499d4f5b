package io.headrace.gateway.record;

import io.headrace.client.consume.Consumer;
import io.headrace.client.consume.Position;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.record.TopicCatalog.TopicShape;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;

import reactor.core.publisher.Mono;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Finds the offsets at which reading begins. */
public final class StartOffsets {
    private final Consumer consumer;

    public StartOffsets(Consumer consumer) {
        this.consumer = consumer;
    }

    /**
     * The offset to begin with in each of these partitions of a topic.
     *
     * @throws io.headrace.gateway.problem.ProblemException 410 when the cursor is of another topic
     *     of this name
     */
    public Mono<Map<TopicPartition, Long>> find(
            TopicShape topic, Collection<Integer> partitions, Start start) {
        Map<TopicPartition, Long> known = new LinkedHashMap<>();
        Map<TopicPartition, Position> wanted = new LinkedHashMap<>();
        for (int partition : partitions) {
            TopicPartition key = new TopicPartition(topic.name(), partition);
            switch (start) {
                case Start.At(Position.AtOffset(long offset)) -> known.put(key, offset);
                case Start.At(Position position) -> wanted.put(key, position);
                case Start.AtCursor(Cursor cursor) -> {
                    Long offset = placeIn(cursor, topic, partition);
                    if (offset == null) {
                        wanted.put(key, Position.earliest());
                    } else {
                        known.put(key, offset);
                    }
                }
            }
        }
        if (wanted.isEmpty()) {
            return Mono.just(known);
        }
        return consumer.offsets(wanted)
                .map(
                        found -> {
                            found.forEach((key, offset) -> known.put(key, offset.offset()));
                            return known;
                        });
    }

    private static @org.jspecify.annotations.Nullable Long placeIn(
            Cursor cursor, TopicShape topic, int partition) {
        Cursor.TopicPlace place = cursor.topics().get(topic.name());
        if (place == null) {
            return null;
        }
        boolean sameTopic =
                place.topicId().equals(Uuid.ZERO_UUID)
                        || topic.topicId().equals(Uuid.ZERO_UUID)
                        || place.topicId().equals(topic.topicId());
        if (!sameTopic) {
            throw Problem.of(
                            "cursor-of-deleted-topic",
                            410,
                            "The cursor's topic was deleted",
                            "Topic "
                                    + topic.name()
                                    + " was deleted and created again since this cursor was"
                                    + " given. Start anew with from=earliest.")
                    .toException();
        }
        return place.offsets().get(partition);
    }
}
