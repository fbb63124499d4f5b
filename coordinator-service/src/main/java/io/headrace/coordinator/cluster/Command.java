package io.headrace.coordinator.cluster;

/**
 * Something asked of the controller. Decided on the controller's thread, one after the other.
 *
 * @param <R> what the asker gets once the decision is committed
 */
public interface Command<R> {
    /**
     * Decides without changing anything.
     *
     * @param nowMs the controller's monotonic time
     * @throws org.apache.kafka.common.errors.ApiException when the whole command is refused
     */
    Decision<R> decide(ControllerState state, long nowMs);

    /**
     * Whether the answer waits until every unfenced storage node knows the change, so that what was
     * just made is known everywhere.
     */
    default boolean awaitsNodes() {
        return false;
    }

    /** Whether it goes before admin writes of the same turn: what partitions' safety waits for. */
    default boolean isUrgent() {
        return false;
    }
}
