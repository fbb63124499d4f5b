package io.headrace.client.consume;

import io.headrace.client.connection.OptionChecks;

import java.time.Duration;

/**
 * The bounds of one fetch.
 *
 * @param maxBytes the most bytes; a first batch that is larger comes whole
 * @param minBytes how much the node should gather before it answers
 * @param maxWait how long the node may hold the fetch for that
 */
public record FetchOptions(int maxBytes, int minBytes, Duration maxWait, IsolationLevel isolation) {
    public FetchOptions {
        OptionChecks.inRange(maxBytes, "maxBytes", 1, Integer.MAX_VALUE);
        OptionChecks.inRange(minBytes, "minBytes", 0, Integer.MAX_VALUE);
        OptionChecks.notNegative(maxWait, "maxWait");
    }

    /** Up to 1 MiB, as soon as there is a byte, within 500 ms, read uncommitted. */
    public static FetchOptions defaults() {
        return new FetchOptions(
                1024 * 1024, 1, Duration.ofMillis(500), IsolationLevel.READ_UNCOMMITTED);
    }

    /** The same with that size. */
    public FetchOptions withMaxBytes(int maxBytes) {
        return new FetchOptions(maxBytes, minBytes, maxWait, isolation);
    }

    /** The same with that wait; zero answers at once. */
    public FetchOptions withMaxWait(Duration maxWait) {
        return new FetchOptions(maxBytes, minBytes, maxWait, isolation);
    }

    /** The same with that isolation. */
    public FetchOptions withIsolation(IsolationLevel isolation) {
        return new FetchOptions(maxBytes, minBytes, maxWait, isolation);
    }
}
