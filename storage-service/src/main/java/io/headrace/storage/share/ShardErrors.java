package io.headrace.storage.share;

import org.apache.kafka.common.protocol.Errors;

/** What the errors of share-state shards mean to a share partition. */
final class ShardErrors {
    private ShardErrors() {}

    /** Whether an error of the shard means that this cache is not the valid one any more. */
    static boolean isFenced(Errors error) {
        return switch (error) {
            case FENCED_STATE_EPOCH,
                    FENCED_LEADER_EPOCH,
                    GROUP_ID_NOT_FOUND,
                    UNKNOWN_TOPIC_OR_PARTITION,
                    INVALID_REQUEST -> // there is no such state any more
                    true;
            default -> false;
        };
    }

    /** What a client is told when the shard answers an error, as in Kafka. */
    static Errors answerOf(Errors shardError) {
        return switch (shardError) {
            case NONE, GROUP_ID_NOT_FOUND, UNKNOWN_TOPIC_OR_PARTITION -> shardError;
            case NOT_COORDINATOR,
                    COORDINATOR_NOT_AVAILABLE,
                    COORDINATOR_LOAD_IN_PROGRESS,
                    NETWORK_EXCEPTION,
                    REQUEST_TIMED_OUT ->
                    Errors.COORDINATOR_NOT_AVAILABLE;
            case FENCED_STATE_EPOCH, FENCED_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER ->
                    Errors.NOT_LEADER_OR_FOLLOWER;
            default -> Errors.UNKNOWN_SERVER_ERROR;
        };
    }
}
