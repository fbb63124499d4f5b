package io.headrace.gateway.fanout;

/** Counts what the fan-out does. */
public interface FanoutMetrics {
    /** Counts nothing. */
    FanoutMetrics NONE = new FanoutMetrics() {};

    /** A fetch at the end of a log was sent, for all who wait there. */
    default void onFeedFetch() {}

    /** A fetch was sent for one reader that is behind. */
    default void onCatchUpFetch() {}
}
