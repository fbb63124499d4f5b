package io.headrace.gateway.record;

import io.headrace.client.consume.Position;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.problem.ProblemException;

import org.jspecify.annotations.Nullable;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.Locale;

/** Where reading begins. */
public sealed interface Start {
    /** At that position of each partition. */
    record At(Position position) implements Start {}

    /** Where a cursor says; partitions it does not know begin at their first record. */
    record AtCursor(Cursor cursor) implements Start {}

    /**
     * Reads what a caller said.
     *
     * @param cursor a cursor, which wins over all others
     * @param from earliest, latest, timestamp or offset
     * @param timestamp ms since 1970 or an ISO-8601 instant, for {@code from=timestamp}
     * @param offset for {@code from=offset}
     * @param back so many records before the end of each partition, for {@code from=latest}
     */
    static Start parse(
            @Nullable String cursor,
            @Nullable String from,
            @Nullable String timestamp,
            @Nullable Long offset,
            @Nullable Long back,
            Position otherwise) {
        if (cursor != null) {
            if (from != null || timestamp != null || offset != null || back != null) {
                throw invalid("Say either cursor or from, not both: a cursor is a place already.");
            }
            return new AtCursor(CursorCodec.decode(cursor));
        }
        String kind = from == null ? implied(timestamp, offset, back) : from;
        if (kind.isEmpty()) {
            return new At(otherwise);
        }
        return new At(
                switch (kind.toLowerCase(Locale.ROOT)) {
                    case "earliest" -> Position.earliest();
                    case "latest" -> back == null ? Position.latest() : beforeEnd(back);
                    case "timestamp" -> atTimestamp(timestamp);
                    case "offset" -> atOffset(offset);
                    default ->
                            throw invalid(
                                    "from is \""
                                            + kind
                                            + "\": say earliest, latest, timestamp or offset.");
                });
    }

    private static String implied(
            @Nullable String timestamp, @Nullable Long offset, @Nullable Long back) {
        if (timestamp != null) {
            return "timestamp";
        }
        if (offset != null) {
            return "offset";
        }
        return back != null ? "latest" : "";
    }

    private static Position beforeEnd(long back) {
        if (back < 0) {
            throw invalid("back is " + back + ": say how many records before the end.");
        }
        return Position.beforeEnd(back);
    }

    private static Position atOffset(@Nullable Long offset) {
        if (offset == null || offset < 0) {
            throw invalid("from=offset needs offset=, zero or more.");
        }
        return Position.offset(offset);
    }

    private static Position atTimestamp(@Nullable String timestamp) {
        if (timestamp == null) {
            throw invalid("from=timestamp needs timestamp=.");
        }
        try {
            Instant time =
                    timestamp.chars().allMatch(c -> c >= '0' && c <= '9')
                            ? Instant.ofEpochMilli(Long.parseLong(timestamp))
                            : Instant.parse(timestamp);
            if (time.toEpochMilli() >= 0) {
                return Position.timestamp(time);
            }
        } catch (DateTimeException | NumberFormatException | ArithmeticException e) {
            // Said below.
        }
        throw invalid(
                "timestamp is \""
                        + timestamp
                        + "\": say milliseconds since 1970 or 2026-11-22T19:00:00Z.");
    }

    private static ProblemException invalid(String detail) {
        return Problem.invalidRequest(detail).toException();
    }
}
