package io.headrace.gateway.problem;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What went wrong with a request (RFC 9457).
 *
 * @param type the kind of problem, a word such as {@code unknown-topic}
 * @param status the HTTP status
 * @param title the kind of problem in a few words, the same for all of a type
 * @param detail what happened this time and what to do about it
 * @param error Kafka's error, null when the gateway itself refused
 * @param retriable whether the same request may succeed later
 * @param more further members
 */
public record Problem(
        String type,
        int status,
        String title,
        String detail,
        @Nullable Errors error,
        boolean retriable,
        Map<String, Object> more) {

    public Problem {
        more = Map.copyOf(more);
    }

    /** A problem that the gateway itself found. */
    public static Problem of(String type, int status, String title, String detail) {
        return new Problem(type, status, title, detail, null, false, Map.of());
    }

    /** The request makes no sense: it must be changed before it is sent again. */
    public static Problem invalidRequest(String detail) {
        return of("invalid-request", 400, "The request is invalid", detail);
    }

    /** The request is larger than a limit. */
    public static Problem tooLarge(String detail) {
        return of("too-large", 413, "The request is too large", detail);
    }

    /** Something else must end first. */
    public static Problem busy(String detail) {
        return new Problem("busy", 503, "The gateway is busy", detail, null, true, Map.of());
    }

    /** The same with one more member. */
    public Problem with(String name, Object value) {
        Map<String, Object> extended = new LinkedHashMap<>(more);
        extended.put(name, value);
        return new Problem(type, status, title, detail, error, retriable, extended);
    }

    /** The URI reference that names the type. */
    public String typeUri() {
        return "/problems#" + type;
    }

    /** The members of the problem document, in order. */
    public Map<String, Object> toMembers(@Nullable String instance) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("type", typeUri());
        members.put("title", title);
        members.put("status", status);
        members.put("detail", detail);
        if (instance != null) {
            members.put("instance", instance);
        }
        if (error != null) {
            members.put("error", error.name());
            members.put("errorCode", error.code());
        }
        members.put("retriable", retriable);
        members.putAll(more);
        return members;
    }

    /** As an exception. */
    public ProblemException toException() {
        return new ProblemException(this);
    }
}
