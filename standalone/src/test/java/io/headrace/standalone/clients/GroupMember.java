package io.headrace.standalone.clients;

import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;

/** A consumer of a group that polls on a thread of its own until it is closed. */
final class GroupMember implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupMember.class);

    private final KafkaConsumer<String, String> consumer;
    private final Thread thread;
    private final Set<TopicPartition> assigned = ConcurrentHashMap.newKeySet();
    private final Set<TopicPartition> fetched = ConcurrentHashMap.newKeySet();
    private final Queue<String> values = new ConcurrentLinkedQueue<>();
    private volatile boolean closing;
    private volatile @Nullable Throwable failure;

    private GroupMember(
            Map<String, Object> configs,
            BiConsumer<KafkaConsumer<String, String>, ConsumerRebalanceListener> subscribe) {
        consumer = new KafkaConsumer<>(configs, new StringDeserializer(), new StringDeserializer());
        subscribe.accept(consumer, new Listener());
        thread = Thread.ofPlatform().name("member").start(this::run);
    }

    /** A member that subscribes by names. */
    static GroupMember of(Map<String, Object> configs, String... topics) {
        return new GroupMember(
                configs, (consumer, listener) -> consumer.subscribe(List.of(topics), listener));
    }

    /** A member that subscribes in its own way. */
    static GroupMember subscribed(
            Map<String, Object> configs,
            BiConsumer<KafkaConsumer<String, String>, ConsumerRebalanceListener> subscribe) {
        return new GroupMember(configs, subscribe);
    }

    private final class Listener implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            assigned.addAll(partitions);
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            assigned.removeAll(partitions);
        }
    }

    private void run() {
        try {
            while (!closing) {
                consumer.poll(Duration.ofMillis(50))
                        .forEach(
                                record -> {
                                    values.add(record.value());
                                    fetched.add(
                                            new TopicPartition(record.topic(), record.partition()));
                                });
                commit();
            }
        } catch (WakeupException e) {
            if (!closing) {
                failure = e;
            }
        } catch (RuntimeException e) {
            failure = e;
        } finally {
            consumer.close();
        }
    }

    /** While the group moves to another assignment a commit may be put off to the next poll. */
    private void commit() {
        try {
            consumer.commitSync();
        } catch (RebalanceInProgressException e) {
            LOG.debug("Commit put off: {}", e.getMessage());
        }
    }

    /** What it is assigned now. */
    Set<TopicPartition> assigned() {
        return Set.copyOf(assigned);
    }

    /** The partitions that it read anything from. */
    Set<TopicPartition> fetched() {
        return Set.copyOf(fetched);
    }

    /** What it read, in order. */
    List<String> values() {
        return List.copyOf(values);
    }

    /** Why it ended by itself, or null. */
    @Nullable Throwable failure() {
        return failure;
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the test is over; the consumer ends by itself
        }
    }
}
