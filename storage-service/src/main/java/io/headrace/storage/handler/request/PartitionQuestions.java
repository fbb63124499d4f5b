package io.headrace.storage.handler.request;

import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;

/** Questions to partitions, each asked on its loop, their answers gathered. */
public final class PartitionQuestions {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionQuestions.class);

    private PartitionQuestions() {}

    /**
     * Asks one partition that this node must lead.
     *
     * @param leaderEpoch the leader epoch that the asker knows, or -1
     * @param question runs on the partition's loop
     * @param failed the answer that carries an error
     */
    public static <R> CompletableFuture<R> ask(
            Services services,
            String topicName,
            int index,
            int leaderEpoch,
            Function<Partition, CompletableFuture<R>> question,
            Function<Errors, R> failed) {
        TopicImage topic = services.image().topic(topicName);
        if (topic == null || topic.partition(index) == null) {
            return CompletableFuture.completedFuture(
                    failed.apply(Errors.UNKNOWN_TOPIC_OR_PARTITION));
        }
        Partition partition = services.partitions().find(topic.topicId(), index);
        if (partition == null) {
            return CompletableFuture.completedFuture(failed.apply(Errors.NOT_LEADER_OR_FOLLOWER));
        }
        CompletableFuture<R> result = new CompletableFuture<>();
        partition
                .loop()
                .run(
                        () -> {
                            Errors error = partition.checkLeader(leaderEpoch);
                            if (error != Errors.NONE) {
                                result.complete(failed.apply(error));
                                return;
                            }
                            try {
                                question.apply(partition)
                                        .whenComplete(
                                                (answer, failure) ->
                                                        finish(result, answer, failure, failed));
                            } catch (RuntimeException e) {
                                result.complete(failed.apply(errorOf(e)));
                            }
                        });
        return result;
    }

    private static <R> void finish(
            CompletableFuture<R> result,
            R answer,
            @Nullable Throwable failure,
            Function<Errors, R> failed) {
        if (failure == null) {
            result.complete(answer);
        } else {
            result.complete(failed.apply(errorOf(failure)));
        }
    }

    private static Errors errorOf(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (!(cause instanceof ApiException)) {
            LOG.error("A question to a partition failed", cause);
        }
        return Errors.forException(cause);
    }

    /** Runs the task once all answers are there. */
    public static void whenAll(List<? extends CompletableFuture<?>> answers, Runnable then) {
        CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .whenComplete((done, failure) -> then.run());
    }
}
