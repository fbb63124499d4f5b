package io.headrace.client.produce.send;

import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Retrier;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.error.ServerErrorException;
import io.headrace.client.metadata.ClusterView.NodeView;
import io.headrace.client.metadata.Coordinators;
import io.headrace.client.produce.TransactionOptions;
import io.headrace.client.produce.TransactionalProducer.GroupOffsets;

import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** What a transactional producer asks of the coordinators, tried again while that may help. */
final class TransactionCalls {
    /** The versions with which every transaction has its epoch (KIP-890). */
    private static final short END_VERSION = 5;

    private static final short OFFSETS_VERSION = 5;

    private final TransactionOptions options;
    private final Connections connections;
    private final Coordinators coordinators;
    private final Retrier retrier;

    TransactionCalls(
            TransactionOptions options,
            Connections connections,
            Coordinators coordinators,
            Retrier retrier) {
        this.options = options;
        this.connections = connections;
        this.coordinators = coordinators;
        this.retrier = retrier;
    }

    /** A new session; the one before is fenced. */
    CompletableFuture<ProducerIdentity> init() {
        InitProducerIdRequestData request =
                new InitProducerIdRequestData()
                        .setTransactionalId(options.transactionalId())
                        .setTransactionTimeoutMs(Math.toIntExact(options.timeout().toMillis()));
        String what = "Starting the producer " + options.transactionalId();
        return retrier.run(
                what,
                () ->
                        call(
                                        this::transactionCoordinator,
                                        ApiKeys.INIT_PRODUCER_ID,
                                        (short) -1,
                                        request,
                                        InitProducerIdResponseData.class)
                                .thenApply(
                                        answer -> {
                                            require(answer.errorCode(), what);
                                            return new ProducerIdentity(
                                                    answer.producerId(), answer.producerEpoch());
                                        }));
    }

    /** Ends the transaction; answers who the producer is then. */
    CompletableFuture<ProducerIdentity> end(ProducerIdentity identity, boolean commit) {
        EndTxnRequestData request =
                new EndTxnRequestData()
                        .setTransactionalId(options.transactionalId())
                        .setProducerId(identity.producerId())
                        .setProducerEpoch(identity.producerEpoch())
                        .setCommitted(commit);
        String what =
                (commit ? "Committing" : "Aborting")
                        + " a transaction of "
                        + options.transactionalId();
        return retrier.run(
                what,
                () ->
                        call(
                                        this::transactionCoordinator,
                                        ApiKeys.END_TXN,
                                        END_VERSION,
                                        request,
                                        EndTxnResponseData.class)
                                .thenApply(
                                        answer -> {
                                            require(answer.errorCode(), what);
                                            return new ProducerIdentity(
                                                    answer.producerId(), answer.producerEpoch());
                                        }));
    }

    /** Commits offsets in the transaction. */
    CompletableFuture<Void> commitOffsets(ProducerIdentity identity, GroupOffsets offsets) {
        TxnOffsetCommitRequestData request =
                new TxnOffsetCommitRequestData()
                        .setTransactionalId(options.transactionalId())
                        .setProducerId(identity.producerId())
                        .setProducerEpoch(identity.producerEpoch())
                        .setGroupId(offsets.groupId())
                        .setMemberId(offsets.memberId())
                        .setGenerationId(offsets.generation());
        Map<String, TxnOffsetCommitRequestTopic> topics = new LinkedHashMap<>();
        offsets.offsets()
                .forEach(
                        (partition, offset) ->
                                topics.computeIfAbsent(
                                                partition.topic(),
                                                name ->
                                                        new TxnOffsetCommitRequestTopic()
                                                                .setName(name))
                                        .partitions()
                                        .add(
                                                new TxnOffsetCommitRequestPartition()
                                                        .setPartitionIndex(partition.partition())
                                                        .setCommittedOffset(offset)
                                                        .setCommittedMetadata("")));
        request.topics().addAll(topics.values());
        String what = "Committing offsets of " + offsets.groupId() + " in a transaction";
        return retrier.run(
                what,
                () ->
                        call(
                                        () -> coordinators.find(offsets.groupId()),
                                        ApiKeys.TXN_OFFSET_COMMIT,
                                        OFFSETS_VERSION,
                                        request,
                                        TxnOffsetCommitResponseData.class)
                                .thenAccept(answer -> require(answer, what)));
    }

    private static void require(TxnOffsetCommitResponseData answer, String what) {
        for (var topic : answer.topics()) {
            for (var partition : topic.partitions()) {
                require(partition.errorCode(), what);
            }
        }
    }

    private static void require(short errorCode, String what) {
        Errors error = Errors.forCode(errorCode);
        if (error != Errors.NONE) {
            throw ServerErrorException.of(error, what, null);
        }
    }

    private CompletableFuture<NodeView> transactionCoordinator() {
        return coordinators.findOfTransactionalId(options.transactionalId());
    }

    private <T extends ApiMessage> CompletableFuture<T> call(
            Supplier<CompletableFuture<NodeView>> coordinator,
            ApiKeys api,
            short version,
            ApiMessage request,
            Class<T> answer) {
        return coordinator
                .get()
                .thenCompose(node -> connections.get(node.address(), Coordinators.lane()))
                .thenCompose(
                        connection -> {
                            short served = connection.ranges().version(api);
                            if (version > served) {
                                throw new HeadraceException(
                                        Errors.UNSUPPORTED_VERSION,
                                        false,
                                        "The cluster serves "
                                                + api.name
                                                + " only up to version "
                                                + served
                                                + ".",
                                        "Transactions need a cluster with transaction.version 2.",
                                        null);
                            }
                            return connection.call(
                                    api,
                                    version < 0 ? served : version,
                                    request,
                                    answer,
                                    connections.options().requestTimeout());
                        });
    }
}
