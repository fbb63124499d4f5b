package io.headrace.client.error;

import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.Errors;

/** What to do about each of Kafka's errors. */
final class ErrorAdvice {
    private ErrorAdvice() {}

    static boolean isRetriable(Errors error) {
        return error.exception() instanceof RetriableException;
    }

    static String of(Errors error) {
        return switch (error) {
            case UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID ->
                    "Check the name, or create the topic.";
            case TOPIC_ALREADY_EXISTS -> "Use the existing topic or another name.";
            case INVALID_TOPIC_EXCEPTION ->
                    "Use 1 to 249 letters, digits, dots, underscores and hyphens.";
            case INVALID_PARTITIONS -> "Ask for at least one partition, and never for fewer.";
            case INVALID_REPLICATION_FACTOR ->
                    "Ask for at most as many replicas as there are live nodes.";
            case INVALID_CONFIG -> "Correct the named configuration.";
            case MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE ->
                    "Send smaller records or raise the topic's max.message.bytes.";
            case OFFSET_OUT_OF_RANGE ->
                    "Read from the earliest or latest offset, or set an out-of-range policy.";
            case NOT_ENOUGH_REPLICAS, NOT_ENOUGH_REPLICAS_AFTER_APPEND ->
                    "Bring replicas back, or lower min.insync.replicas.";
            case TOPIC_AUTHORIZATION_FAILED,
                    GROUP_AUTHORIZATION_FAILED,
                    CLUSTER_AUTHORIZATION_FAILED,
                    TRANSACTIONAL_ID_AUTHORIZATION_FAILED ->
                    "Ask an administrator for the permission.";
            case NON_EMPTY_GROUP -> "Stop the group's members first.";
            case GROUP_ID_NOT_FOUND -> "Check the group's name: it has no members and no offsets.";
            case GROUP_SUBSCRIBED_TO_TOPIC -> "Stop the members that read the topic first.";
            case UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS ->
                    "The group has moved on; read from its committed offsets again.";
            case FENCED_INSTANCE_ID -> "Another member uses this instance id: give each its own.";
            case INCONSISTENT_GROUP_PROTOCOL ->
                    "Use an assignor that the group's other members also accept.";
            case PRODUCER_FENCED, INVALID_PRODUCER_EPOCH ->
                    "Another producer took over; close this one.";
            case OUT_OF_ORDER_SEQUENCE_NUMBER, UNKNOWN_PRODUCER_ID ->
                    "A batch before this one was lost; records may be missing.";
            case UNSUPPORTED_COMPRESSION_TYPE -> "Choose another compression.";
            case REQUEST_TIMED_OUT, NETWORK_EXCEPTION -> "It may have taken effect.";
            case UNSUPPORTED_VERSION -> "The node is of another version.";
            case POLICY_VIOLATION -> "The cluster's policy forbids it.";
            case COORDINATOR_NOT_AVAILABLE,
                    COORDINATOR_LOAD_IN_PROGRESS,
                    NOT_COORDINATOR,
                    LEADER_NOT_AVAILABLE,
                    NOT_LEADER_OR_FOLLOWER ->
                    "It passes when the cluster has settled; try again.";
            default -> isRetriable(error) ? "Try again." : "";
        };
    }
}
