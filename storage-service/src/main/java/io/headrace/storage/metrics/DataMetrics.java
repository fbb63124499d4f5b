package io.headrace.storage.metrics;

import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.PartitionStats;
import io.headrace.storage.partition.Partitions;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import java.util.concurrent.atomic.LongAdder;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/** Records and bytes in and out, and the state of the partitions (any thread). */
public final class DataMetrics {
    private final LongAdder messagesIn = new LongAdder();
    private final LongAdder bytesIn = new LongAdder();
    private final LongAdder bytesOut = new LongAdder();
    private final LongAdder produceRequests = new LongAdder();
    private final LongAdder failedProduceRequests = new LongAdder();
    private final LongAdder fetchRequests = new LongAdder();
    private final LongAdder failedFetchRequests = new LongAdder();
    private final LongAdder coldReads = new LongAdder();

    /** A batch was appended for a producer. */
    public void onProduced(int records, int bytes) {
        messagesIn.add(records);
        bytesIn.add(bytes);
    }

    /** A partition of a produce request was answered. */
    public void onProduceAnswered(boolean failed) {
        (failed ? failedProduceRequests : produceRequests).increment();
    }

    /** A partition of a fetch was answered. */
    public void onFetched(int bytes, boolean failed) {
        (failed ? failedFetchRequests : fetchRequests).increment();
        bytesOut.add(bytes);
    }

    /** Bytes of records fetched so far, by consumers and replicas. */
    public long fetchedBytes() {
        return bytesOut.sum();
    }

    /** A fetch had to read from disk. */
    public void onColdRead() {
        coldReads.increment();
    }

    /** Kafka's BrokerTopicMetrics, summed over topics, and ReplicaManager's figures. */
    public void bindTo(MeterRegistry registry, Partitions partitions) {
        counter(
                registry,
                "kafka.server.messages.in",
                "Records appended (MessagesInPerSec)",
                messagesIn);
        counter(registry, "kafka.server.bytes.in", "Bytes appended (BytesInPerSec)", bytesIn);
        counter(registry, "kafka.server.bytes.out", "Bytes fetched (BytesOutPerSec)", bytesOut);
        counter(
                registry,
                "kafka.server.produce.partitions",
                "Produced parts accepted",
                produceRequests);
        counter(
                registry,
                "kafka.server.produce.partitions.failed",
                "Produced parts refused",
                failedProduceRequests);
        counter(registry, "kafka.server.fetch.partitions", "Fetched parts answered", fetchRequests);
        counter(
                registry,
                "kafka.server.fetch.partitions.failed",
                "Fetched parts refused",
                failedFetchRequests);
        counter(registry, "headrace.storage.cold.reads", "Fetched parts read from disk", coldReads);
        count(
                registry,
                partitions,
                "kafka.server.partition.count",
                "Partitions of this node (PartitionCount)",
                stats -> true);
        count(
                registry,
                partitions,
                "kafka.server.leader.count",
                "Partitions that this node leads (LeaderCount)",
                PartitionStats::leader);
        count(
                registry,
                partitions,
                "kafka.server.under.replicated.partitions",
                "Led partitions with a replica out of sync (UnderReplicatedPartitions)",
                PartitionStats::underReplicated);
        sum(
                registry,
                partitions,
                "kafka.log.size.bytes",
                "Bytes of all logs (Size)",
                PartitionStats::sizeInBytes);
        sum(
                registry,
                partitions,
                "kafka.log.end.offset.sum",
                "The sum of all log end offsets (LogEndOffset)",
                PartitionStats::logEndOffset);
    }

    private static void counter(
            MeterRegistry registry, String name, String description, LongAdder adder) {
        FunctionCounter.builder(name, adder, LongAdder::sum)
                .description(description)
                .register(registry);
    }

    private static void count(
            MeterRegistry registry,
            Partitions partitions,
            String name,
            String description,
            Predicate<PartitionStats> counted) {
        Gauge.builder(
                        name,
                        partitions,
                        all -> all.all().stream().map(Partition::stats).filter(counted).count())
                .description(description)
                .register(registry);
    }

    private static void sum(
            MeterRegistry registry,
            Partitions partitions,
            String name,
            String description,
            ToLongFunction<PartitionStats> figure) {
        Gauge.builder(
                        name,
                        partitions,
                        all -> all.all().stream().map(Partition::stats).mapToLong(figure).sum())
                .description(description)
                .register(registry);
    }
}
