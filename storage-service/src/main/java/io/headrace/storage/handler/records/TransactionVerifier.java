package io.headrace.storage.handler.records;

import io.headrace.protocol.codec.TaggedFields;
import io.headrace.storage.handler.forwarding.CoordinatorQuestions;
import io.headrace.storage.handler.forwarding.ShardTargets;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopic;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopicCollection;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Asks the owners of transactional ids whether partitions belong to an open transaction, or has
 * them added to it (KIP-890). Questions of one transaction that come at the same time go together.
 * Thread-safe.
 */
final class TransactionVerifier {
    private static final short VERSION = 5;

    /** From this version of Produce on, producing to a partition adds it. */
    private static final short IMPLICIT_ADD = 12;

    private static final short KNOWS_ABORTABLE = 11;

    private final Services services;
    private final Map<Session, Map<TopicIdPartition, List<Consumer<Errors>>>> waiting =
            new LinkedHashMap<>();
    private boolean scheduled;

    /** Whose transaction, and whether its partitions are added. */
    record Session(String transactionalId, long producerId, short producerEpoch, boolean adds) {}

    TransactionVerifier(Services services) {
        this.services = services;
    }

    /**
     * Asks about one partition.
     *
     * @param produceVersion of the producer's request: it decides what is asked and which errors it
     *     knows
     * @param verdict takes NONE or the error for the producer, on any thread
     */
    void verify(
            String transactionalId,
            long producerId,
            short producerEpoch,
            TopicIdPartition partition,
            short produceVersion,
            Consumer<Errors> verdict) {
        Session session =
                new Session(
                        transactionalId, producerId, producerEpoch, produceVersion >= IMPLICIT_ADD);
        boolean isFirst;
        synchronized (waiting) {
            waiting.computeIfAbsent(session, key -> new LinkedHashMap<>())
                    .computeIfAbsent(partition, key -> new ArrayList<>(1))
                    .add(error -> verdict.accept(known(error, produceVersion)));
            isFirst = !scheduled;
            scheduled = true;
        }
        if (isFirst) {
            services.links().loop().execute(this::flush);
        }
    }

    /** What producers of the version do right with. */
    private static Errors known(Errors error, short produceVersion) {
        return switch (error) {
            case PRODUCER_FENCED -> Errors.INVALID_PRODUCER_EPOCH;
            case TRANSACTION_ABORTABLE ->
                    produceVersion >= KNOWS_ABORTABLE ? error : Errors.INVALID_TXN_STATE;
            case NONE,
                    INVALID_PRODUCER_EPOCH,
                    INVALID_PRODUCER_ID_MAPPING,
                    INVALID_TXN_STATE,
                    POLICY_VIOLATION ->
                    error;
            default -> Errors.NOT_ENOUGH_REPLICAS; // every producer sends the same batch again
        };
    }

    private void flush() {
        Map<Session, Map<TopicIdPartition, List<Consumer<Errors>>>> questions;
        synchronized (waiting) {
            questions = new LinkedHashMap<>(waiting);
            waiting.clear();
            scheduled = false;
        }
        questions.forEach(this::ask);
    }

    private void ask(Session session, Map<TopicIdPartition, List<Consumer<Errors>>> askers) {
        // Of two topics of one name, one is gone: the questions for them go apart.
        Map<String, Uuid> ids = new HashMap<>();
        Map<TopicIdPartition, List<Consumer<Errors>>> partitions = new LinkedHashMap<>();
        Map<TopicIdPartition, List<Consumer<Errors>>> others = new LinkedHashMap<>();
        askers.forEach(
                (partition, each) -> {
                    ids.putIfAbsent(partition.topic(), partition.topicId());
                    boolean isSame = partition.topicId().equals(ids.get(partition.topic()));
                    (isSame ? partitions : others).put(partition, each);
                });
        if (!others.isEmpty()) {
            ask(session, others);
        }
        CoordinatorQuestions.ask(
                        services,
                        ShardTargets.ofTransaction(services, session.transactionalId()),
                        ApiKeys.ADD_PARTITIONS_TO_TXN,
                        VERSION,
                        request(session, partitions.keySet()),
                        AddPartitionsToTxnResponseData.class)
                .whenComplete(
                        (answer, failure) -> {
                            Map<TopicPartition, Errors> verdicts =
                                    failure == null ? read(answer) : Map.of();
                            partitions.forEach(
                                    (partition, each) -> {
                                        Errors error =
                                                verdicts.getOrDefault(
                                                        partition.topicPartition(),
                                                        Errors.NETWORK_EXCEPTION);
                                        each.forEach(asker -> asker.accept(error));
                                    });
                        });
    }

    /** The question; of all topics of one name only one is in it, and it says which. */
    static AddPartitionsToTxnRequestData request(
            Session session, Collection<TopicIdPartition> partitions) {
        AddPartitionsToTxnTopicCollection topics = new AddPartitionsToTxnTopicCollection();
        for (TopicIdPartition partition : partitions) {
            AddPartitionsToTxnTopic topic = topics.find(partition.topic());
            if (topic == null) {
                topic = new AddPartitionsToTxnTopic().setName(partition.topic());
                TaggedFields.putUuid(topic, TaggedFields.TOPIC_ID, partition.topicId());
                topics.add(topic);
            }
            topic.partitions().add(partition.partition());
        }
        AddPartitionsToTxnRequestData request = new AddPartitionsToTxnRequestData();
        request.transactions()
                .add(
                        new AddPartitionsToTxnTransaction()
                                .setTransactionalId(session.transactionalId())
                                .setProducerId(session.producerId())
                                .setProducerEpoch(session.producerEpoch())
                                .setVerifyOnly(!session.adds())
                                .setTopics(topics));
        return request;
    }

    private static Map<TopicPartition, Errors> read(AddPartitionsToTxnResponseData answer) {
        Map<TopicPartition, Errors> verdicts = new HashMap<>();
        for (var transaction : answer.resultsByTransaction()) {
            for (var topic : transaction.topicResults()) {
                for (var partition : topic.resultsByPartition()) {
                    verdicts.put(
                            new TopicPartition(topic.name(), partition.partitionIndex()),
                            Errors.forCode(partition.partitionErrorCode()));
                }
            }
        }
        return verdicts;
    }
}
