package io.headrace.coordinator.group.share;

import org.apache.kafka.common.Uuid;

import java.util.Comparator;

/** A partition of a topic, of which a share group has a state. */
public record StatePlace(Uuid topicId, int partition) implements Comparable<StatePlace> {
    private static final Comparator<StatePlace> ORDER =
            Comparator.comparing(StatePlace::topicId).thenComparingInt(StatePlace::partition);

    @Override
    public int compareTo(StatePlace other) {
        return ORDER.compare(this, other);
    }
}
