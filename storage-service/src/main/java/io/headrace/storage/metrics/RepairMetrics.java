package io.headrace.storage.metrics;

import io.headrace.storage.repair.RepairCounters;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;

import java.util.function.ToDoubleFunction;

/** What repair and scrub find and do. */
public final class RepairMetrics {
    private final RepairCounters counters;

    public RepairMetrics(RepairCounters counters) {
        this.counters = counters;
    }

    public void bindTo(MeterRegistry registry) {
        counter(
                registry,
                "headrace.storage.repair.damaged",
                "Segments that were found damaged",
                RepairCounters::damagedSegments);
        counter(
                registry,
                "headrace.storage.repair.repaired",
                "Segments that were put right from a peer",
                RepairCounters::repairedSegments);
        counter(
                registry,
                "headrace.storage.repair.failures",
                "Repairs that failed, to be tried again when the damage is met again",
                RepairCounters::failures);
        counter(
                registry,
                "headrace.storage.scrub.bytes",
                "Bytes that the scrub read",
                RepairCounters::scrubbedBytes);
        counter(
                registry,
                "headrace.storage.scrub.rounds",
                "How often the scrub came through all logs",
                RepairCounters::scrubRounds);
    }

    private void counter(
            MeterRegistry registry,
            String name,
            String description,
            ToDoubleFunction<RepairCounters> figure) {
        FunctionCounter.builder(name, counters, figure).description(description).register(registry);
    }
}
