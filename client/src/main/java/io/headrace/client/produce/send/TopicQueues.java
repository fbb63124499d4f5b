package io.headrace.client.produce.send;

import io.headrace.client.metadata.ClusterView.PartitionView;
import io.headrace.client.metadata.ClusterView.TopicView;
import io.headrace.client.produce.ProducerOptions;

import org.apache.kafka.common.TopicPartition;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * The queues of a topic's partitions, and the partition that records without a key go to now: it
 * changes after each {@code batchBytes}, to one with a short queue rather than a long one
 * (KIP-794). Thread-safe.
 */
final class TopicQueues {
    private final String topic;
    private final ProducerOptions options;
    private final BufferMemory memory;
    private final RandomGenerator random;

    private volatile TopicView view;
    private volatile PartitionQueue[] queues = {};

    // Guarded by this; a lost update of the two costs balance only.
    private volatile int sticky;
    private volatile int stickyBytes;

    TopicQueues(
            TopicView view, ProducerOptions options, BufferMemory memory, RandomGenerator random) {
        this.topic = view.name();
        this.options = options;
        this.memory = memory;
        this.random = random;
        this.view = view;
        update(view);
        nextSticky();
    }

    /** Takes in what is known of the topic now. */
    synchronized void update(TopicView fresh) {
        view = fresh;
        int count = fresh.partitions().size();
        if (count > queues.length) {
            PartitionQueue[] grown = Arrays.copyOf(queues, count);
            for (int i = queues.length; i < count; i++) {
                grown[i] = new PartitionQueue(new TopicPartition(topic, i), options, memory);
            }
            queues = grown;
        }
    }

    TopicView view() {
        return view;
    }

    int partitionCount() {
        return queues.length;
    }

    PartitionQueue queue(int partition) {
        return queues[partition];
    }

    /** The partition for a record of so many bytes that has no preference. */
    int stickyPartition(int bytes) {
        int sum = stickyBytes + bytes;
        if (sum > options.batchBytes()) {
            nextSticky();
            sum = bytes;
        }
        stickyBytes = sum;
        return sticky;
    }

    private synchronized void nextSticky() {
        int count = view.partitions().size();
        long[] weights = new long[count];
        long longest = 0;
        for (int i = 0; i < count; i++) {
            weights[i] = queues[i].queuedBytes();
            longest = Math.max(longest, weights[i]);
        }
        long total = 0;
        for (PartitionView partition : view.partitions()) {
            int i = partition.partition();
            // Queues within one batch of each other count as equal.
            long weight =
                    partition.leaderId() < 0 || i >= count
                            ? 0
                            : 1 + (longest - weights[i]) / Math.max(1, options.batchBytes());
            total += weight;
            weights[i] = total;
        }
        sticky = total == 0 ? random.nextInt(count) : pick(weights, random.nextLong(total));
        stickyBytes = 0;
    }

    /** The first place whose cumulative weight is above the drawn number. */
    static int pick(long[] cumulativeWeights, long drawn) {
        for (int i = 0; i < cumulativeWeights.length; i++) {
            if (drawn < cumulativeWeights[i]) {
                return i;
            }
        }
        throw new IllegalArgumentException("Drawn " + drawn + " above all weights");
    }
}
