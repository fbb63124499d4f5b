package io.headrace.coordinator.group.space;

/** Hears of what groups do, for the metrics of the same names in Kafka. */
public interface GroupCounters {
    /** Counts nothing. */
    GroupCounters NONE =
            new GroupCounters() {
                @Override
                public void onOffsetsCommitted(int count) {}

                @Override
                public void onOffsetsExpired(int count) {}

                @Override
                public void onOffsetsDeleted(int count) {}

                @Override
                public void onRebalanceCompleted() {}
            };

    void onOffsetsCommitted(int count);

    void onOffsetsExpired(int count);

    void onOffsetsDeleted(int count);

    /** A classic group became stable in a new generation. */
    void onRebalanceCompleted();
}
