package io.headrace.client.produce.send;

import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;

/** How a producer reads error codes. */
final class ServerErrors {
    private ServerErrors() {}

    /** Whether the same batch may be stored at another attempt. */
    static boolean isRetriable(Errors error) {
        return error.exception() instanceof RetriableException;
    }

    /** Whether the error says that the client's view of the cluster is old. */
    static boolean isStaleMetadata(Errors error) {
        return switch (error) {
            case NOT_LEADER_OR_FOLLOWER,
                    UNKNOWN_TOPIC_OR_PARTITION,
                    UNKNOWN_TOPIC_ID,
                    INCONSISTENT_TOPIC_ID,
                    LEADER_NOT_AVAILABLE,
                    FENCED_LEADER_EPOCH,
                    KAFKA_STORAGE_ERROR,
                    NETWORK_EXCEPTION ->
                    true;
            default -> false;
        };
    }

    /** Whether an error leaves open if the batch was written. */
    static boolean leavesOutcomeOpen(Errors error) {
        return error == Errors.REQUEST_TIMED_OUT
                || error == Errors.NETWORK_EXCEPTION
                || error == Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND;
    }
}
