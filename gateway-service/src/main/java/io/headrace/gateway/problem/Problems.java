package io.headrace.gateway.problem;

import io.headrace.client.error.BufferFullException;
import io.headrace.client.error.ConnectionFailedException;
import io.headrace.client.error.DeadlineExceededException;
import io.headrace.client.error.HeadraceException;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.springframework.core.codec.DecodingException;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.server.MethodNotAllowedException;
import org.springframework.web.server.NotAcceptableStatusException;
import org.springframework.web.server.ServerWebInputException;
import org.springframework.web.server.UnsupportedMediaTypeStatusException;

import java.util.Map;
import java.util.concurrent.TimeoutException;

/** Turns failures into problems: one place decides the status of each Kafka error. */
public final class Problems {
    private Problems() {}

    /** The problem that a failure stands for. */
    public static Problem of(Throwable failure) {
        return switch (failure) {
            case ProblemException e -> e.problem();
            case HeadraceException e -> ofClient(e);
            case DataBufferLimitException e -> tooLargeBody(e);
            case TimeoutException e -> timeout(e.getMessage());
            case ErrorResponse e -> ofSpring(failure, e);
            case DecodingException e -> Problem.invalidRequest(malformed(e));
            default ->
                    Problem.of(
                            "internal-error",
                            500,
                            "The gateway failed",
                            "This is a defect of the gateway: its log has the details. Report it.");
        };
    }

    private static Problem timeout(@Nullable String message) {
        return new Problem(
                "timeout",
                504,
                "The cluster did not answer in time",
                (message == null ? "No answer in time." : message)
                        + " A write may still take effect.",
                Errors.REQUEST_TIMED_OUT,
                true,
                Map.of());
    }

    private static Problem tooLargeBody(DataBufferLimitException e) {
        return Problem.tooLarge(
                "The body is larger than this gateway takes ("
                        + e.getMessage()
                        + "). Send fewer records at once, or raise"
                        + " headrace.gateway.limits.max-body.");
    }

    private static Problem ofClient(HeadraceException e) {
        if (e instanceof BufferFullException) {
            return new Problem(
                    "busy",
                    503,
                    "The gateway is busy",
                    message(e) + " Send slower, or try again.",
                    e.error(),
                    true,
                    Map.of());
        }
        if (hasCause(e, ConnectionFailedException.class)) {
            return new Problem(
                    "cluster-unreachable",
                    503,
                    "No node of the cluster can be reached",
                    message(e),
                    e.error(),
                    true,
                    Map.of());
        }
        if (e instanceof DeadlineExceededException
                && e.getCause() instanceof HeadraceException last) {
            return ofError(last.error(), message(e), true);
        }
        return ofError(e.error(), message(e), e.retriable());
    }

    /** The problem that an error of the cluster stands for. */
    public static Problem ofError(Errors error, String detail, boolean retriable) {
        Kind kind = kind(error);
        return new Problem(kind.type, kind.status, kind.title, detail, error, retriable, Map.of());
    }

    private static String message(Throwable e) {
        String message = e.getMessage();
        return message == null || message.isBlank() ? e.toString() : message;
    }

    private static boolean hasCause(Throwable e, Class<? extends Throwable> type) {
        Throwable at = e;
        for (int i = 0; at != null && i < 10; i++, at = at.getCause()) {
            if (type.isInstance(at)) {
                return true;
            }
        }
        return false;
    }

    private static Problem ofSpring(Throwable failure, ErrorResponse response) {
        Throwable cause = failure;
        for (int i = 0; cause != null && i < 10; i++, cause = cause.getCause()) {
            if (cause instanceof ProblemException e) {
                return e.problem();
            }
            if (cause instanceof DataBufferLimitException e) {
                return tooLargeBody(e);
            }
        }
        int status = response.getStatusCode().value();
        return switch (failure) {
            case ServerWebInputException e -> Problem.invalidRequest(malformed(e));
            case UnsupportedMediaTypeStatusException e ->
                    Problem.of(
                            "unsupported-media-type",
                            415,
                            "The body's media type is not supported",
                            "Content-Type is "
                                    + e.getContentType()
                                    + "; this operation takes "
                                    + e.getSupportedMediaTypes()
                                    + ".");
            case MethodNotAllowedException e ->
                    Problem.of(
                            "method-not-allowed",
                            405,
                            "This path has no such method",
                            e.getHttpMethod()
                                    + " is not offered here, only "
                                    + e.getSupportedMethods()
                                    + ".");
            case NotAcceptableStatusException e ->
                    Problem.of(
                            "not-acceptable",
                            406,
                            "No such representation",
                            "The answer comes as " + e.getSupportedMediaTypes() + ".");
            default ->
                    status == 404
                            ? Problem.of(
                                    "no-such-path",
                                    404,
                                    "Nothing is here",
                                    "No operation has this path; /v3/api-docs lists them all.")
                            : Problem.of(
                                    "http-" + status,
                                    status,
                                    "The request failed",
                                    message(failure));
        };
    }

    private static String malformed(Throwable e) {
        StringBuilder text = new StringBuilder();
        String last = "";
        Throwable at = e;
        for (int i = 0; at != null && i < 5; i++, at = at.getCause()) {
            String said =
                    at instanceof ServerWebInputException input && input.getReason() != null
                            ? input.getReason()
                            : message(at);
            String line = said.lines().findFirst().orElse("").strip();
            if (!line.isEmpty() && !line.equals(last) && text.indexOf(line) < 0) {
                text.append(text.isEmpty() ? "" : ": ").append(line);
                last = line;
            }
        }
        return text.append(text.toString().endsWith(".") ? "" : ".").toString();
    }

    /** What HTTP says about an error. */
    private record Kind(String type, int status, String title) {}

    private static Kind kind(Errors error) {
        return switch (error) {
            case UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_ID ->
                    new Kind("unknown-topic", 404, "No such topic or partition");
            case GROUP_ID_NOT_FOUND -> new Kind("unknown-group", 404, "No such group");
            case TOPIC_ALREADY_EXISTS -> new Kind("topic-exists", 409, "The topic exists already");
            case NON_EMPTY_GROUP, GROUP_SUBSCRIBED_TO_TOPIC, UNKNOWN_MEMBER_ID ->
                    new Kind("group-in-use", 409, "The group has members");
            case REASSIGNMENT_IN_PROGRESS, REBALANCE_IN_PROGRESS, CONCURRENT_TRANSACTIONS ->
                    new Kind("conflict", 409, "Another change is under way");
            case OFFSET_OUT_OF_RANGE ->
                    new Kind("offset-out-of-range", 416, "The log has no such offset");
            case MESSAGE_TOO_LARGE, RECORD_LIST_TOO_LARGE ->
                    new Kind("too-large", 413, "The request is too large");
            case TOPIC_AUTHORIZATION_FAILED,
                    GROUP_AUTHORIZATION_FAILED,
                    CLUSTER_AUTHORIZATION_FAILED,
                    TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
                    POLICY_VIOLATION ->
                    new Kind("not-allowed", 403, "Not allowed");
            case SASL_AUTHENTICATION_FAILED ->
                    new Kind("not-authenticated", 401, "Authentication failed");
            case INVALID_TOPIC_EXCEPTION,
                    INVALID_PARTITIONS,
                    INVALID_REPLICATION_FACTOR,
                    INVALID_REPLICA_ASSIGNMENT,
                    INVALID_CONFIG,
                    INVALID_REQUEST,
                    INVALID_RECORD,
                    INVALID_TIMESTAMP,
                    INVALID_GROUP_ID,
                    INVALID_REQUIRED_ACKS,
                    UNSUPPORTED_COMPRESSION_TYPE ->
                    new Kind("invalid-request", 400, "The request is invalid");
            case THROTTLING_QUOTA_EXCEEDED -> new Kind("throttled", 429, "Too many requests");
            case UNSUPPORTED_VERSION, UNSUPPORTED_FOR_MESSAGE_FORMAT, SECURITY_DISABLED ->
                    new Kind("not-offered", 501, "The cluster does not offer this");
            case REQUEST_TIMED_OUT ->
                    new Kind("timeout", 504, "The cluster did not answer in time");
            case NETWORK_EXCEPTION,
                    LEADER_NOT_AVAILABLE,
                    NOT_LEADER_OR_FOLLOWER,
                    FENCED_LEADER_EPOCH,
                    UNKNOWN_LEADER_EPOCH,
                    REPLICA_NOT_AVAILABLE,
                    BROKER_NOT_AVAILABLE,
                    COORDINATOR_LOAD_IN_PROGRESS,
                    COORDINATOR_NOT_AVAILABLE,
                    NOT_COORDINATOR,
                    NOT_CONTROLLER,
                    NOT_ENOUGH_REPLICAS,
                    NOT_ENOUGH_REPLICAS_AFTER_APPEND,
                    KAFKA_STORAGE_ERROR ->
                    new Kind("unavailable", 503, "Part of the cluster is unavailable");
            default -> new Kind("cluster-error", 500, "The cluster refused");
        };
    }
}
