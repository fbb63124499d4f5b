package io.headrace.storage.metrics;

import io.headrace.storage.compaction.CompactionCounters;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import java.util.function.ToDoubleFunction;

/** What compaction does, after Kafka's LogCleanerManager metrics. */
public final class CompactionMetrics {
    private final CompactionCounters counters;

    public CompactionMetrics(CompactionCounters counters) {
        this.counters = counters;
    }

    public void bindTo(MeterRegistry registry) {
        counter(
                registry,
                "headrace.storage.compaction.passes",
                "Compactions of a log that ended well",
                CompactionCounters::passes);
        counter(
                registry,
                "headrace.storage.compaction.failures",
                "Compactions of a log that failed",
                CompactionCounters::failures);
        counter(
                registry,
                "headrace.storage.compaction.read.bytes",
                "Bytes of batches read by compaction",
                CompactionCounters::bytesRead);
        counter(
                registry,
                "headrace.storage.compaction.written.bytes",
                "Bytes of batches written by compaction",
                CompactionCounters::bytesWritten);
        gauge(
                registry,
                "kafka.log.uncleanable.partitions.count",
                "Partitions that a failure took out of compaction (uncleanable-partitions-count)",
                CompactionCounters::uncleanableCount);
        gauge(
                registry,
                "kafka.log.max.dirty.percent",
                "The dirty part of the dirtiest log when last looked (max-dirty-percent)",
                all -> 100 * all.maxDirtyRatio());
    }

    private void counter(
            MeterRegistry registry,
            String name,
            String description,
            ToDoubleFunction<CompactionCounters> figure) {
        FunctionCounter.builder(name, counters, figure).description(description).register(registry);
    }

    private void gauge(
            MeterRegistry registry,
            String name,
            String description,
            ToDoubleFunction<CompactionCounters> figure) {
        Gauge.builder(name, counters, figure).description(description).register(registry);
    }
}
