package io.headrace.storage.handler.node;

import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.handler.forwarding.CoordinatorQuestions;
import io.headrace.storage.handler.forwarding.ShardOwners;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Tells whether an open transaction of a partition hangs: no owner of a transactional id knows of
 * it, so none will ever end it (KIP-664).
 */
final class HangingTransactions {
    private final Services services;

    HangingTransactions(Services services) {
        this.services = services;
    }

    /** NONE when it hangs, INVALID_TXN_STATE when its owner will end it. */
    CompletableFuture<Errors> check(long producerId, TopicPartition partition) {
        List<CompletableFuture<Errors>> answers = new ArrayList<>();
        for (CoordinatorImage owner :
                ShardOwners.of(services.image(), ShardOwnerImage.TRANSACTION)) {
            answers.add(ask(owner, producerId, partition));
        }
        return CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                .handle(
                        (done, failure) -> {
                            if (failure != null) {
                                return Errors.COORDINATOR_NOT_AVAILABLE;
                            }
                            for (CompletableFuture<Errors> answer : answers) {
                                if (answer.join() != Errors.NONE) {
                                    return answer.join();
                                }
                            }
                            return Errors.NONE;
                        });
    }

    private CompletableFuture<Errors> ask(
            CoordinatorImage owner, long producerId, TopicPartition partition) {
        ForwardTarget target = new ForwardTarget.Coordinator(owner);
        return CoordinatorQuestions.ask(
                        services,
                        target,
                        ApiKeys.LIST_TRANSACTIONS,
                        (short) 0,
                        new ListTransactionsRequestData().setProducerIdFilters(List.of(producerId)),
                        ListTransactionsResponseData.class)
                .thenCompose(
                        listed -> {
                            if (listed.errorCode() != Errors.NONE.code()) {
                                return CompletableFuture.completedFuture(
                                        Errors.COORDINATOR_NOT_AVAILABLE);
                            }
                            List<String> ids =
                                    listed.transactionStates().stream()
                                            .map(state -> state.transactionalId())
                                            .toList();
                            return ids.isEmpty()
                                    ? CompletableFuture.completedFuture(Errors.NONE)
                                    : describe(target, ids, producerId, partition);
                        });
    }

    private CompletableFuture<Errors> describe(
            ForwardTarget target, List<String> ids, long producerId, TopicPartition partition) {
        return CoordinatorQuestions.ask(
                        services,
                        target,
                        ApiKeys.DESCRIBE_TRANSACTIONS,
                        (short) 0,
                        new DescribeTransactionsRequestData().setTransactionalIds(ids),
                        DescribeTransactionsResponseData.class)
                .thenApply(
                        described -> {
                            for (var state : described.transactionStates()) {
                                var topic = state.topics().find(partition.topic());
                                if (state.producerId() == producerId
                                        && topic != null
                                        && topic.partitions().contains(partition.partition())) {
                                    return Errors.INVALID_TXN_STATE;
                                }
                            }
                            return Errors.NONE;
                        });
    }
}
