package io.headrace.storage.handler.records;

import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.produce.ProduceVerdict;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.log.AppendOrigin;
import io.headrace.storage.log.AppendResult;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.Verifications;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.BatchIndexAndErrorMessage;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The parts of one produce request, each written by the loop that owns its partition; whoever
 * finishes the last one answers. No locks: every part has its own slot, and the counters order the
 * writes before the answer.
 */
final class ProduceGathering {
    private static final Logger LOG = LoggerFactory.getLogger(ProduceGathering.class);

    private final Services services;
    private final TransactionVerifier verifier;
    private final Request request;
    private final ProduceRequestData produce;
    private final @Nullable PartitionProduceResponse[] results;
    private final AtomicInteger unappended;
    private final AtomicInteger unanswered;
    private final long deadlineMs;
    private final short acks;

    ProduceGathering(
            Services services,
            TransactionVerifier verifier,
            Request request,
            ProduceRequestData produce) {
        this.services = services;
        this.verifier = verifier;
        this.request = request;
        this.produce = produce;
        this.acks = produce.acks();
        this.deadlineMs = services.nowMs() + Math.max(0, produce.timeoutMs());
        int count = 0;
        for (TopicProduceData topic : produce.topicData()) {
            count += topic.partitionData().size();
        }
        this.results = new PartitionProduceResponse[count];
        this.unappended = new AtomicInteger(count + 1);
        this.unanswered = new AtomicInteger(count + 1);
    }

    @Nullable String transactionalId() {
        return produce.transactionalId();
    }

    /** All parts are on their way. */
    void allSubmitted() {
        onAppended();
        onAnswered();
    }

    void refuse(int slot, Errors error) {
        finish(slot, failed(error, null), error);
        onAppended();
    }

    void refuse(int slot, ProduceVerdict.Rejected rejected) {
        PartitionProduceResponse response = failed(rejected.error(), rejected.message());
        List<BatchIndexAndErrorMessage> errors = new ArrayList<>(rejected.recordErrors().size());
        for (var record : rejected.recordErrors()) {
            errors.add(
                    new BatchIndexAndErrorMessage()
                            .setBatchIndex(record.batchIndex())
                            .setBatchIndexErrorMessage(record.message()));
        }
        finish(slot, response.setRecordErrors(errors), rejected.error());
        onAppended();
    }

    /** Appends one part, on the loop of its partition. */
    void append(int slot, Partition partition, ProduceVerdict.Accepted accepted) {
        Errors error = partition.checkLeader(-1);
        if (error == Errors.NONE && acks == -1 && !partition.hasEnoughInSync()) {
            error = Errors.NOT_ENOUGH_REPLICAS;
        }
        if (error != Errors.NONE) {
            PartitionProduceResponse response = failed(error, null);
            response.currentLeader()
                    .setLeaderId(partition.knownLeaderId())
                    .setLeaderEpoch(partition.knownLeaderEpoch());
            finish(slot, response, error);
            onAppended();
            return;
        }
        String transactionalId = produce.transactionalId();
        ByteBuffer batch = accepted.batch();
        int at = batch.position();
        if (transactionalId != null && BatchView.isTransactional(batch, at)) {
            long producerId = BatchView.producerId(batch, at);
            short epoch = BatchView.producerEpoch(batch, at);
            if (!partition.log().producerStates().isTransactionOpen(producerId, epoch)) {
                new TransactionStart(transactionalId, slot, partition, accepted).verify();
                return;
            }
        }
        appendNow(slot, partition, accepted);
    }

    /** A batch that begins a transaction in its partition, while that is confirmed (KIP-890). */
    private final class TransactionStart {
        private static final int MAX_ATTEMPTS = 3;

        private final String transactionalId;
        private final int slot;
        private final Partition partition;
        private final ProduceVerdict.Accepted accepted;
        private final long producerId;
        private final short producerEpoch;
        private final int baseSequence;
        private int attempt;

        TransactionStart(
                String transactionalId,
                int slot,
                Partition partition,
                ProduceVerdict.Accepted accepted) {
            this.transactionalId = transactionalId;
            this.slot = slot;
            this.partition = partition;
            this.accepted = accepted;
            ByteBuffer batch = accepted.batch();
            this.producerId = BatchView.producerId(batch, batch.position());
            this.producerEpoch = BatchView.producerEpoch(batch, batch.position());
            this.baseSequence = BatchView.baseSequence(batch, batch.position());
        }

        void verify() {
            attempt++;
            Verifications.Ticket ticket =
                    partition.verifications().begin(producerId, producerEpoch, baseSequence);
            if (ticket == null) {
                end(Errors.NOT_ENOUGH_REPLICAS, "Too many transactions begin at a time");
                return;
            }
            verifier.verify(
                    transactionalId,
                    producerId,
                    producerEpoch,
                    partition.id(),
                    request.version(),
                    verdict -> partition.loop().run(() -> onVerified(ticket, verdict)));
        }

        private void onVerified(Verifications.Ticket ticket, Errors verdict) {
            partition.verifications().end(ticket);
            Errors error = partition.checkLeader(-1);
            if (error == Errors.NONE) {
                error = verdict;
            }
            if (error != Errors.NONE) {
                end(error, null);
            } else if (partition
                    .log()
                    .producerStates()
                    .isTransactionOpen(producerId, producerEpoch)) {
                begin();
            } else if (!ticket.isValid()) {
                // A transaction of the producer ended meanwhile; it may have been this one.
                if (attempt < MAX_ATTEMPTS) {
                    verify();
                } else {
                    end(Errors.NOT_ENOUGH_REPLICAS, "The transaction could not be confirmed");
                }
            } else if (!partition.log().producerStates().isKnown(producerId)
                    && baseSequence > ticket.lowestSequence()) {
                // An earlier batch was refused; without it this one would open a gap.
                end(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER, null);
            } else {
                begin();
            }
        }

        private void begin() {
            appendNow(slot, partition, accepted);
            if (partition.log().producerStates().isTransactionOpen(producerId, producerEpoch)) {
                partition.verifications().onBegun(producerId);
            }
        }

        private void end(Errors error, @Nullable String message) {
            finish(slot, failed(error, message), error);
            onAppended();
        }
    }

    private void appendNow(int slot, Partition partition, ProduceVerdict.Accepted accepted) {
        AppendResult appended;
        int sizeInBytes = accepted.batch().remaining();
        try {
            appended = partition.append(accepted.batch(), AppendOrigin.CLIENT);
        } catch (ApiException e) {
            Errors known = Errors.forException(e);
            finish(slot, failed(known, e.getMessage()), known);
            onAppended();
            return;
        } catch (RuntimeException e) {
            LOG.error("Append to {} failed", partition.id(), e);
            finish(slot, failed(Errors.UNKNOWN_SERVER_ERROR, null), Errors.UNKNOWN_SERVER_ERROR);
            onAppended();
            return;
        }
        onAppended();
        if (!appended.duplicate()) {
            services.dataMetrics().onProduced(accepted.recordCount(), sizeInBytes);
        }
        PartitionProduceResponse response =
                new PartitionProduceResponse()
                        .setIndex(indexOf(slot))
                        .setBaseOffset(appended.baseOffset())
                        .setLogAppendTimeMs(accepted.logAppendTimeMs())
                        .setLogStartOffset(appended.logStartOffset());
        long nextOffset = appended.lastOffset() + 1;
        switch (acks) {
            case 0 -> finish(slot, response, Errors.NONE);
            case 1 -> partition.awaitFlush(nextOffset, deadlineMs, e -> acked(slot, response, e));
            default -> partition.awaitCommit(nextOffset, deadlineMs, e -> acked(slot, response, e));
        }
    }

    private void acked(int slot, PartitionProduceResponse response, Errors error) {
        if (error != Errors.NONE) {
            finish(slot, failed(error, null), error);
        } else {
            finish(slot, response, error);
        }
    }

    private PartitionProduceResponse failed(Errors error, @Nullable String message) {
        return new PartitionProduceResponse()
                .setErrorCode(error.code())
                .setBaseOffset(-1)
                .setErrorMessage(message);
    }

    private void finish(int slot, PartitionProduceResponse response, Errors error) {
        results[slot] = response;
        services.dataMetrics().onProduceAnswered(error != Errors.NONE);
        onAnswered();
    }

    /** The request's memory is free once every part is written to the page cache or refused. */
    private void onAppended() {
        if (unappended.decrementAndGet() == 0) {
            request.releaseFrame();
        }
    }

    private void onAnswered() {
        if (unanswered.decrementAndGet() == 0) {
            answer();
        }
    }

    private int indexOf(int slot) {
        int at = 0;
        for (TopicProduceData topic : produce.topicData()) {
            if (slot < at + topic.partitionData().size()) {
                return topic.partitionData().get(slot - at).index();
            }
            at += topic.partitionData().size();
        }
        throw new IllegalStateException("No part " + slot);
    }

    private void answer() {
        if (acks == 0) {
            answerNothing();
            return;
        }
        ProduceResponseData response = new ProduceResponseData();
        int slot = 0;
        for (TopicProduceData topic : produce.topicData()) {
            List<PartitionProduceResponse> partitions =
                    new ArrayList<>(topic.partitionData().size());
            for (PartitionProduceData data : topic.partitionData()) {
                PartitionProduceResponse result = results[slot++];
                if (result == null) {
                    throw new IllegalStateException("A part has no result");
                }
                partitions.add(result.setIndex(data.index()));
            }
            response.responses()
                    .add(
                            new TopicProduceResponse()
                                    .setName(topic.name())
                                    .setTopicId(topic.topicId())
                                    .setPartitionResponses(partitions));
        }
        request.reply(response);
    }

    /** Without an answer, only a closed connection tells the producer of an error, as in Kafka. */
    private void answerNothing() {
        for (PartitionProduceResponse result : results) {
            if (result != null && result.errorCode() != Errors.NONE.code()) {
                request.fail("Produce with acks=0 failed: " + Errors.forCode(result.errorCode()));
                return;
            }
        }
        request.replyNothing();
    }
}
