package io.headrace.coordinator.transaction;

import io.headrace.coordinator.shard.Effects;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.coordinator.shard.ShardTask;
import io.headrace.coordinator.transaction.TransactionTask.WriteMarkers;
import io.headrace.protocol.codec.TaggedFields;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.RemoveTopicRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddOffsetsToTxnRequestData;
import org.apache.kafka.common.message.AddOffsetsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopic;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A transaction shard whose records are committed at once, driven step by step. */
final class TransactionHarness {
    static final String ID = "mover";
    static final Uuid ORDERS = new Uuid(1, 2);
    static final Uuid OFFSETS = new Uuid(3, 4);

    private final TransactionProperties properties;
    private final List<ShardRecord> log = new ArrayList<>();
    private final Map<Long, ApiMessage> answers = new HashMap<>();
    private final List<WriteMarkers> markers = new ArrayList<>();
    private TransactionShard shard;
    private MetadataImage image =
            withTopic(
                    withTopic(MetadataImage.EMPTY, "orders", ORDERS, 8),
                    "__consumer_offsets",
                    OFFSETS,
                    50);
    private long nowMs = 10_000_000;
    private long lastRequestId;
    private long nextProducerId = 1_000;
    private boolean refusesProducerIds;

    /** Who a producer is. */
    record Session(long producerId, short producerEpoch) {}

    TransactionHarness() {
        this(TransactionProperties.defaults());
    }

    TransactionHarness(TransactionProperties properties) {
        this.properties = properties;
        this.shard = new TransactionShard(properties);
        restart();
    }

    static MetadataImage withTopic(MetadataImage image, String name, Uuid id, int partitions) {
        MetadataImage next =
                image.apply(image.nextOffset(), new TopicRecord().setName(name).setTopicId(id));
        for (int partition = 0; partition < partitions; partition++) {
            next =
                    next.apply(
                            next.nextOffset(),
                            new PartitionRecord().setTopicId(id).setPartitionId(partition));
        }
        return next;
    }

    /** The shard as another owner makes it from the log; what it had under way is lost. */
    void restart() {
        markers.clear();
        TransactionShard loaded = new TransactionShard(properties);
        log.forEach(loaded::replay);
        shard = loaded;
        Effects effects = new Effects();
        loaded.onLoaded(image, nowMs, effects);
        take(effects);
    }

    void refuseProducerIds(boolean refuse) {
        refusesProducerIds = refuse;
    }

    /** A topic is deleted, and one of its name made. */
    void replaceTopic(String name, Uuid before, Uuid after, int partitions) {
        deleteTopic(before);
        image = withTopic(image, name, after, partitions);
        Effects effects = new Effects();
        shard.onMetadata(image, nowMs, effects);
        take(effects);
    }

    void deleteTopic(Uuid id) {
        image = image.apply(image.nextOffset(), new RemoveTopicRecord().setTopicId(id));
        Effects effects = new Effects();
        shard.onMetadata(image, nowMs, effects);
        take(effects);
    }

    List<ShardRecord> log() {
        return log;
    }

    TransactionState state(String id) {
        return Objects.requireNonNull(shard.state(id));
    }

    boolean isKnown(String id) {
        return shard.state(id) != null;
    }

    /** The clock is set back, as that of another owner may be. */
    void goBack(long durationMs) {
        nowMs -= durationMs;
    }

    /** Time passes, deadline by deadline. */
    void pass(long durationMs) {
        long untilMs = nowMs + durationMs;
        while (shard.nextDeadlineMs() <= untilMs) {
            nowMs = Math.max(nowMs, shard.nextDeadlineMs());
            Effects effects = new Effects();
            shard.onTime(nowMs, effects);
            take(effects);
        }
        nowMs = untilMs;
    }

    private void take(Effects effects) {
        log.addAll(effects.records());
        for (Effects.Reply reply : effects.replies()) {
            if (answers.put(reply.requestId(), reply.response()) != null) {
                throw new AssertionError("Request " + reply.requestId() + " answered twice");
            }
        }
        for (ShardTask task : effects.tasks()) {
            switch ((TransactionTask) task) {
                case WriteMarkers write -> markers.add(write);
                case TransactionTask.AllocateProducerId allocate -> {
                    nextProducerId++;
                    deliver(
                            refusesProducerIds
                                    ? new TransactionEvent.ProducerIdRefused()
                                    : new TransactionEvent.ProducerIdAllocated(nextProducerId));
                }
            }
        }
    }

    private void deliver(TransactionEvent event) {
        Effects effects = new Effects();
        shard.onEvent(event, nowMs, effects);
        take(effects);
    }

    /** The markers that are to be written and were not answered. */
    List<WriteMarkers> markers() {
        return markers;
    }

    /** Answers all markers alike. */
    void answerMarkers(Errors error) {
        List<WriteMarkers> asked = List.copyOf(markers);
        markers.clear();
        for (WriteMarkers write : asked) {
            Map<TransactionPartition, Errors> partitions = new HashMap<>();
            write.partitions().forEach(partition -> partitions.put(partition, error));
            answerMarkers(write, partitions);
        }
    }

    void answerMarkers(WriteMarkers write, Map<TransactionPartition, Errors> partitions) {
        markers.remove(write);
        deliver(
                new TransactionEvent.MarkersAnswered(
                        write.transactionalId(),
                        write.producerId(),
                        write.producerEpoch(),
                        partitions));
    }

    // Requests.

    long send(ApiMessage body, int version) {
        lastRequestId++;
        Effects effects = new Effects();
        shard.onRequest(
                new ShardRequest(lastRequestId, body, (short) version, "client", "/10.0.0.1"),
                nowMs,
                effects);
        long requestId = lastRequestId;
        take(effects);
        return requestId;
    }

    boolean isAnswered(long requestId) {
        return answers.containsKey(requestId);
    }

    <R extends ApiMessage> R answer(long requestId, Class<R> type) {
        ApiMessage answer = answers.get(requestId);
        if (answer == null) {
            throw new AssertionError("Request " + requestId + " waits");
        }
        return type.cast(answer);
    }

    <R extends ApiMessage> R call(ApiMessage body, int version, Class<R> type) {
        return answer(send(body, version), type);
    }

    static InitProducerIdRequestData init() {
        return new InitProducerIdRequestData()
                .setTransactionalId(ID)
                .setTransactionTimeoutMs(60_000);
    }

    InitProducerIdResponseData init(InitProducerIdRequestData body) {
        return call(body, 5, InitProducerIdResponseData.class);
    }

    static Session session(InitProducerIdResponseData answer) {
        if (answer.errorCode() != Errors.NONE.code()) {
            throw new AssertionError(answer);
        }
        return new Session(answer.producerId(), answer.producerEpoch());
    }

    /** A producer that has begun. */
    Session begin() {
        return session(init(init()));
    }

    static AddPartitionsToTxnRequestData adding(Session session, boolean verifyOnly, int... of) {
        AddPartitionsToTxnTransaction transaction =
                new AddPartitionsToTxnTransaction()
                        .setTransactionalId(ID)
                        .setProducerId(session.producerId())
                        .setProducerEpoch(session.producerEpoch())
                        .setVerifyOnly(verifyOnly);
        AddPartitionsToTxnTopic topic = new AddPartitionsToTxnTopic().setName("orders");
        for (int partition : of) {
            topic.partitions().add(partition);
        }
        transaction.topics().add(topic);
        AddPartitionsToTxnRequestData request = new AddPartitionsToTxnRequestData();
        request.transactions().add(transaction);
        return request;
    }

    /** As {@link #adding}, by a node that says which topic of that name it means. */
    static AddPartitionsToTxnRequestData addingTo(
            Uuid topicId, Session session, boolean verifyOnly, int... of) {
        AddPartitionsToTxnRequestData request = adding(session, verifyOnly, of);
        request.transactions()
                .forEach(
                        transaction ->
                                transaction
                                        .topics()
                                        .forEach(
                                                topic ->
                                                        TaggedFields.putUuid(
                                                                topic,
                                                                TaggedFields.TOPIC_ID,
                                                                topicId)));
        return request;
    }

    /** Adds partitions of that very topic. */
    Errors addTo(Uuid topicId, Session session, int... partitions) {
        return errorOf(
                call(
                        addingTo(topicId, session, false, partitions),
                        5,
                        AddPartitionsToTxnResponseData.class));
    }

    Errors verifyOf(Uuid topicId, Session session, int partition) {
        return errorOf(
                call(
                        addingTo(topicId, session, true, partition),
                        5,
                        AddPartitionsToTxnResponseData.class));
    }

    /** Adds partitions as a producer of version 2 does by producing. */
    Errors add(Session session, int... partitions) {
        return errorOf(
                call(adding(session, false, partitions), 5, AddPartitionsToTxnResponseData.class));
    }

    Errors verify(Session session, int partition) {
        return errorOf(
                call(adding(session, true, partition), 5, AddPartitionsToTxnResponseData.class));
    }

    static Errors errorOf(AddPartitionsToTxnResponseData answer) {
        var topics = answer.resultsByTransaction().iterator().next().topicResults();
        return Errors.forCode(
                topics.iterator()
                        .next()
                        .resultsByPartition()
                        .iterator()
                        .next()
                        .partitionErrorCode());
    }

    /** Adds partitions as a producer of before version 2 does. */
    Errors addAsBefore(Session session, int... partitions) {
        AddPartitionsToTxnRequestData request =
                new AddPartitionsToTxnRequestData()
                        .setV3AndBelowTransactionalId(ID)
                        .setV3AndBelowProducerId(session.producerId())
                        .setV3AndBelowProducerEpoch(session.producerEpoch());
        AddPartitionsToTxnTopic topic = new AddPartitionsToTxnTopic().setName("orders");
        for (int partition : partitions) {
            topic.partitions().add(partition);
        }
        request.v3AndBelowTopics().add(topic);
        var answer = call(request, 3, AddPartitionsToTxnResponseData.class);
        return Errors.forCode(
                answer.resultsByTopicV3AndBelow()
                        .iterator()
                        .next()
                        .resultsByPartition()
                        .iterator()
                        .next()
                        .partitionErrorCode());
    }

    Errors addOffsets(Session session, String group) {
        return Errors.forCode(
                call(
                                new AddOffsetsToTxnRequestData()
                                        .setTransactionalId(ID)
                                        .setProducerId(session.producerId())
                                        .setProducerEpoch(session.producerEpoch())
                                        .setGroupId(group),
                                4,
                                AddOffsetsToTxnResponseData.class)
                        .errorCode());
    }

    static EndTxnRequestData ending(Session session, boolean commit) {
        return new EndTxnRequestData()
                .setTransactionalId(ID)
                .setProducerId(session.producerId())
                .setProducerEpoch(session.producerEpoch())
                .setCommitted(commit);
    }

    EndTxnResponseData end(Session session, boolean commit, int version) {
        return call(ending(session, commit), version, EndTxnResponseData.class);
    }

    /** Ends a transaction as version 2 does and answers who the producer is then. */
    Session endWell(Session session, boolean commit) {
        EndTxnResponseData answer = end(session, commit, 5);
        if (answer.errorCode() != Errors.NONE.code()) {
            throw new AssertionError(answer);
        }
        return new Session(answer.producerId(), answer.producerEpoch());
    }

    Errors endError(Session session, boolean commit, int version) {
        return Errors.forCode(end(session, commit, version).errorCode());
    }
}
