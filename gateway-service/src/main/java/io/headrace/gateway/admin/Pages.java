package io.headrace.gateway.admin;

import io.headrace.gateway.problem.Problem;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Function;

/** Pages of sorted lists. */
final class Pages {
    private static final int MAX_LIMIT = 1000;

    private Pages() {}

    /**
     * A page.
     *
     * @param next the name that the next page begins after; null when this is the last
     */
    record Page<T>(List<T> items, @Nullable String next) {}

    static void checkLimit(int limit) {
        if (limit < 1 || limit > MAX_LIMIT) {
            throw Problem.invalidRequest(
                            "limit is " + limit + ": say between 1 and " + MAX_LIMIT + ".")
                    .toException();
        }
    }

    /** The items, sorted by name, whose names come after that one. */
    static <T> Page<T> after(List<T> sorted, Function<T, String> name, String after, int limit) {
        List<T> rest =
                sorted.stream().filter(item -> name.apply(item).compareTo(after) > 0).toList();
        if (rest.size() <= limit) {
            return new Page<>(rest, null);
        }
        return new Page<>(rest.subList(0, limit), name.apply(rest.get(limit - 1)));
    }
}
