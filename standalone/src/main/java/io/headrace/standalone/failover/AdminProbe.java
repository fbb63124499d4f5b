package io.headrace.standalone.failover;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** What is asked of the cluster beside the records: its leaders, and whether it decides. */
final class AdminProbe implements AutoCloseable {
    private static final int REQUEST_MS = 2_000;
    private static final long POLL_MS = 20;
    private static final long GROUP_OFFSET = 1;

    private final Admin admin;
    private final TopicPartition target;
    private int created;

    AdminProbe(String bootstrap, TopicPartition target) {
        this.target = target;
        this.admin =
                Admin.create(
                        Map.of(
                                "bootstrap.servers", bootstrap,
                                "request.timeout.ms", REQUEST_MS,
                                "default.api.timeout.ms", REQUEST_MS,
                                "retry.backoff.ms", POLL_MS));
    }

    /** Creates a topic and answers whether that worked. */
    boolean create(String name, int partitions, int replicas, Map<String, String> configs)
            throws InterruptedException {
        NewTopic topic =
                new NewTopic(name, Optional.of(partitions), Optional.of((short) replicas))
                        .configs(configs);
        return ask(() -> admin.createTopics(List.of(topic)).all()).isPresent();
    }

    private static final class Done {}

    private static <T> Optional<Object> ask(Supplier<KafkaFuture<T>> question)
            throws InterruptedException {
        try {
            T answer = question.get().get(REQUEST_MS, TimeUnit.MILLISECONDS);
            return Optional.of(answer == null ? new Done() : answer);
        } catch (ExecutionException | TimeoutException | KafkaException noAnswer) {
            return Optional.empty();
        }
    }

    /** The measured partition as the cluster describes it now. */
    Optional<TopicPartitionInfo> describe() throws InterruptedException {
        return ask(() -> admin.describeTopics(List.of(target.topic())).allTopicNames())
                .map(Map.class::cast)
                .map(topics -> topics.get(target.topic()))
                .map(TopicDescription.class::cast)
                .map(topic -> topic.partitions().get(target.partition()));
    }

    /** Waits until so many replicas are in sync and one of them leads. */
    TopicPartitionInfo awaitInSync(int replicas, Duration limit) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        String last = "no answer";
        while (System.nanoTime() < deadlineNanos) {
            Optional<TopicPartitionInfo> seen = describe();
            if (seen.isPresent()) {
                TopicPartitionInfo info = seen.get();
                if (info.leader() != null
                        && !info.leader().isEmpty()
                        && info.isr().size() >= replicas) {
                    return info;
                }
                last = info.toString();
            }
            Thread.sleep(POLL_MS);
        }
        throw new IllegalStateException(
                target
                        + " does not have "
                        + replicas
                        + " replicas in sync after "
                        + limit.toSeconds()
                        + " s: "
                        + last);
    }

    /** How long from a moment until a topic can be created, at most the limit. */
    double millisUntilAdmin(long fromNanos, Duration limit) throws InterruptedException {
        while (true) {
            long now = System.nanoTime();
            if (create("created-" + created++, 1, 1, Map.of())
                    || now - fromNanos > limit.toNanos()) {
                return (System.nanoTime() - fromNanos) / 1e6;
            }
            Thread.sleep(POLL_MS);
        }
    }

    /** How long from a moment until a group's offset can be committed, at most the limit. */
    double millisUntilGroups(String group, long fromNanos, Duration limit)
            throws InterruptedException {
        Map<TopicPartition, OffsetAndMetadata> offsets =
                Map.of(target, new OffsetAndMetadata(GROUP_OFFSET));
        while (true) {
            boolean committed =
                    ask(() -> admin.alterConsumerGroupOffsets(group, offsets).all()).isPresent();
            if (committed || System.nanoTime() - fromNanos > limit.toNanos()) {
                return (System.nanoTime() - fromNanos) / 1e6;
            }
            Thread.sleep(POLL_MS);
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ofSeconds(2));
    }
}
