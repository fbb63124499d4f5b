package io.headrace.gateway.config;

import io.headrace.gateway.fanout.FanoutMetrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** Counts the fan-out's fetches as meters. */
final class FanoutCounters implements FanoutMetrics {
    private final Counter feedFetches;
    private final Counter catchUpFetches;

    FanoutCounters(MeterRegistry meters) {
        this.feedFetches = counter(meters, "feed");
        this.catchUpFetches = counter(meters, "catch-up");
    }

    private static Counter counter(MeterRegistry meters, String kind) {
        return Counter.builder("headrace.gateway.fanout.fetches")
                .description(
                        "Fetches sent: for all readers at the end of a log, or for one that is"
                                + " behind")
                .tag("kind", kind)
                .register(meters);
    }

    @Override
    public void onFeedFetch() {
        feedFetches.increment();
    }

    @Override
    public void onCatchUpFetch() {
        catchUpFetches.increment();
    }
}
