package io.headrace.standalone.chaos;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.TopicExistsException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The topics of a run: makes them, and tells whether their replicas and readers have all. */
final class TopicProbe implements AutoCloseable {
    private static final int REQUEST_MS = 5_000;
    private static final long POLL_MS = 100;
    private static final int ATTEMPTS = 30;

    private final Admin admin;
    private final List<String> topics = new ArrayList<>();

    TopicProbe(String bootstrap) {
        this.admin =
                Admin.create(
                        Map.of(
                                "bootstrap.servers", bootstrap,
                                "request.timeout.ms", REQUEST_MS,
                                "default.api.timeout.ms", REQUEST_MS));
    }

    void create(String topic, int partitions, int replicas, Map<String, String> configs)
            throws InterruptedException {
        topics.add(topic);
        NewTopic wanted =
                new NewTopic(topic, Optional.of(partitions), Optional.of((short) replicas))
                        .configs(configs);
        Exception last = new IllegalStateException("not tried");
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            try {
                admin.createTopics(List.of(wanted)).all().get(REQUEST_MS, TimeUnit.MILLISECONDS);
                return;
            } catch (ExecutionException e) {
                if (e.getCause() instanceof TopicExistsException) {
                    return; // an attempt whose answer was lost
                }
                last = e;
            } catch (TimeoutException e) {
                last = e;
            }
            Thread.sleep(POLL_MS);
        }
        throw new IllegalStateException("The topic was not created: " + last.getMessage(), last);
    }

    /**
     * Waits until all partitions have so many replicas in sync.
     *
     * @return empty, or what is missing after the limit
     */
    String awaitAllInSync(int replicas, Duration limit) throws InterruptedException {
        return await(
                limit,
                () ->
                        admin
                                .describeTopics(topics)
                                .allTopicNames()
                                .get(REQUEST_MS, TimeUnit.MILLISECONDS)
                                .values()
                                .stream()
                                .flatMap(one -> one.partitions().stream())
                                .filter(one -> one.isr().size() < replicas)
                                .map(TopicPartitionInfo::toString)
                                .toList());
    }

    /**
     * Waits until a group has committed the ends of partitions that nobody writes to any more.
     *
     * @return empty, or what is missing after the limit
     */
    String awaitCommitted(String group, Collection<TopicPartition> partitions, Duration limit)
            throws InterruptedException {
        return await(limit, () -> uncommitted(group, partitions));
    }

    private List<String> uncommitted(String group, Collection<TopicPartition> partitions)
            throws ExecutionException, InterruptedException, TimeoutException {
        Map<TopicPartition, OffsetAndMetadata> committed =
                admin.listConsumerGroupOffsets(group)
                        .partitionsToOffsetAndMetadata()
                        .get(REQUEST_MS, TimeUnit.MILLISECONDS);
        Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
        partitions.forEach(partition -> wanted.put(partition, OffsetSpec.latest()));
        List<String> missing = new ArrayList<>();
        admin.listOffsets(wanted)
                .all()
                .get(REQUEST_MS, TimeUnit.MILLISECONDS)
                .forEach(
                        (partition, end) -> {
                            OffsetAndMetadata offset = committed.get(partition);
                            if (offset == null
                                    ? end.offset() > 0
                                    : offset.offset() < end.offset()) {
                                missing.add(
                                        partition
                                                + " ends at "
                                                + end.offset()
                                                + ", "
                                                + group
                                                + " committed "
                                                + (offset == null ? "nothing" : offset.offset()));
                            }
                        });
        return missing;
    }

    private interface Question {
        /** What is missing. */
        List<String> ask() throws ExecutionException, InterruptedException, TimeoutException;
    }

    private static String await(Duration limit, Question question) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        String missing = "nobody answers";
        while (System.nanoTime() < deadlineNanos) {
            try {
                missing = String.join("; ", question.ask());
                if (missing.isEmpty()) {
                    return "";
                }
            } catch (ExecutionException | TimeoutException | KafkaException e) {
                missing = "no answer: " + e.getMessage();
            }
            Thread.sleep(POLL_MS);
        }
        return missing;
    }

    @Override
    public void close() {
        admin.close(Duration.ofSeconds(2));
    }
}
