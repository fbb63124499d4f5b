package io.headrace.storage.metrics;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;

/** Requests by API: how many, how long until the answer was ready, how many bytes (any thread). */
public final class ApiMetrics {
    private final Map<Short, Api> apis =
            ApiCatalog.all().stream()
                    .collect(Collectors.toUnmodifiableMap(ApiSchema::key, Api::new));
    private final LongAdder malformed = new LongAdder();

    private static final class Api {
        private final String name;
        private final LongAdder count = new LongAdder();
        private final LongAdder totalNanos = new LongAdder();
        private final LongAdder responseBytes = new LongAdder();
        private final LongAccumulator maxNanos = new LongAccumulator(Math::max, 0);

        Api(ApiSchema schema) {
            this.name = schema.name();
        }
    }

    /** A request was answered. */
    public void onAnswered(short apiKey, long nanos, int responseBytes) {
        Api api = apis.get(apiKey);
        if (api != null) {
            api.count.increment();
            api.totalNanos.add(nanos);
            api.responseBytes.add(responseBytes);
            api.maxNanos.accumulate(nanos);
        }
    }

    /** A frame was no request that this node serves. */
    public void onMalformed() {
        malformed.increment();
    }

    /** How many requests of an API were answered. */
    public long countOf(short apiKey) {
        Api api = apis.get(apiKey);
        return api == null ? 0 : api.count.sum();
    }

    /** Kafka's RequestsPerSec, TotalTimeMs and ResponseSize by request. */
    public void bindTo(MeterRegistry registry) {
        for (Api api : apis.values()) {
            FunctionTimer.builder(
                            "kafka.network.requests",
                            api,
                            a -> a.count.sum(),
                            a -> a.totalNanos.sum(),
                            TimeUnit.NANOSECONDS)
                    .description("Requests answered, and the time until their answer was ready")
                    .tag("request", api.name)
                    .register(registry);
            Gauge.builder(
                            "kafka.network.request.time.max",
                            api,
                            a -> a.maxNanos.getThenReset() / 1e9)
                    .description("The slowest answer since the last scrape, in seconds")
                    .tag("request", api.name)
                    .register(registry);
            FunctionCounter.builder("kafka.network.response.bytes", api, a -> a.responseBytes.sum())
                    .description("Bytes of answers")
                    .tag("request", api.name)
                    .register(registry);
        }
        FunctionCounter.builder("kafka.network.malformed.requests", malformed, LongAdder::sum)
                .description("Frames that were no request that this node serves")
                .register(registry);
    }
}
