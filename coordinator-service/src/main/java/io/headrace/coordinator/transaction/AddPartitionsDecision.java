package io.headrace.coordinator.transaction;

import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.codec.TaggedFields;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.message.AddOffsetsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopicCollection;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnResult;
import org.apache.kafka.common.protocol.Errors;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Decides AddPartitionsToTxn and AddOffsetsToTxn: which partitions a transaction writes to, and
 * whether one belongs to it (KIP-890). Confined to the shard's core.
 */
final class AddPartitionsDecision {
    private final TransactionSpace space;

    AddPartitionsDecision(TransactionSpace space) {
        this.space = space;
    }

    /** Who asks, in which session, with which transaction version. */
    private record Session(
            String transactionalId, long producerId, short producerEpoch, short clientVersion) {}

    /**
     * @param mayHold whether the request may wait for the markers of the transaction before
     */
    void decide(ShardRequest request, AddPartitionsToTxnRequestData body, boolean mayHold) {
        if (request.version() >= TransactionErrors.BATCHED_ADD) {
            decideBatch(request, body, mayHold);
            return;
        }
        Session session =
                new Session(
                        body.v3AndBelowTransactionalId(),
                        body.v3AndBelowProducerId(),
                        body.v3AndBelowProducerEpoch(),
                        (short) 0);
        AddPartitionsToTxnTopicCollection topics = body.v3AndBelowTopics();
        Set<String> unknown = unknownIn(topics);
        if (!unknown.isEmpty()) {
            space.reply(request, refusal(topics, unknown));
            return;
        }
        Errors error = add(session, partitionsIn(topics));
        if (error == Errors.CONCURRENT_TRANSACTIONS && mayHold) {
            space.hold(session.transactionalId(), request);
            return;
        }
        space.reply(request, TransactionErrors.reply(body, request.version(), error));
    }

    private void decideBatch(
            ShardRequest request, AddPartitionsToTxnRequestData body, boolean mayHold) {
        AddPartitionsToTxnResponseData response = new AddPartitionsToTxnResponseData();
        for (AddPartitionsToTxnTransaction transaction : body.transactions()) {
            AddPartitionsToTxnTopicCollection topics = transaction.topics();
            AddPartitionsToTxnResult result =
                    new AddPartitionsToTxnResult()
                            .setTransactionalId(transaction.transactionalId());
            response.resultsByTransaction().add(result);
            Set<String> unknown = unknownIn(topics);
            Session session =
                    new Session(
                            transaction.transactionalId(),
                            transaction.producerId(),
                            transaction.producerEpoch(),
                            TransactionState.V2);
            if (transaction.verifyOnly()) {
                result.setTopicResults(
                        TransactionErrors.topics(
                                topics,
                                (topic, index) ->
                                        unknown.contains(topic + "-" + index)
                                                ? Errors.UNKNOWN_TOPIC_OR_PARTITION.code()
                                                : verify(session, topic, index).code()));
                continue;
            }
            Errors error =
                    unknown.isEmpty()
                            ? add(session, partitionsIn(topics))
                            : Errors.UNKNOWN_TOPIC_OR_PARTITION;
            if (error == Errors.CONCURRENT_TRANSACTIONS && mayHold) {
                // All of it is decided again then; adding twice changes nothing.
                space.hold(session.transactionalId(), request);
                return;
            }
            result.setTopicResults(TransactionErrors.allTopics(topics, error));
        }
        space.reply(request, response);
    }

    /** AddOffsetsToTxn: the partition of the group's offsets. */
    void decide(ShardRequest request, AddOffsetsToTxnRequestData body, boolean mayHold) {
        TopicImage offsets = space.image().topic(Topic.GROUP_METADATA_TOPIC_NAME);
        if (offsets == null || offsets.partitionCount() == 0) {
            space.replyNow(
                    request,
                    TransactionErrors.reply(
                            body, request.version(), Errors.COORDINATOR_NOT_AVAILABLE));
            return;
        }
        Session session =
                new Session(
                        body.transactionalId(), body.producerId(), body.producerEpoch(), (short) 0);
        int shard = ShardOwnerImage.shardOf(body.groupId(), offsets.partitionCount());
        Errors error =
                add(
                        session,
                        Set.of(new TransactionPartition(offsets.name(), offsets.topicId(), shard)));
        if (error == Errors.CONCURRENT_TRANSACTIONS && mayHold) {
            space.hold(session.transactionalId(), request);
            return;
        }
        space.reply(request, TransactionErrors.reply(body, request.version(), error));
    }

    private Errors add(Session session, Set<TransactionPartition> partitions) {
        if (session.transactionalId().isEmpty()) {
            return Errors.INVALID_REQUEST;
        }
        TransactionState state = space.state(session.transactionalId());
        if (state != null && state.isNext(session.producerId(), session.producerEpoch())) {
            return Errors.CONCURRENT_TRANSACTIONS;
        }
        if (state == null || state.producerId() != session.producerId()) {
            return Errors.INVALID_PRODUCER_ID_MAPPING;
        }
        if (state.producerEpoch() != session.producerEpoch()) {
            return Errors.PRODUCER_FENCED;
        }
        if (state.status().isPrepared()) {
            return Errors.CONCURRENT_TRANSACTIONS; // of a V2 client this is the next epoch already
        }
        boolean isOngoing = state.status() == TransactionStatus.ONGOING;
        if (isOngoing && state.partitions().containsAll(partitions)) {
            return Errors.NONE;
        }
        int count = partitions.size() + (isOngoing ? state.partitions().size() : 0);
        if (count > space.properties().maxPartitions()) {
            return Errors.POLICY_VIOLATION;
        }
        // A V2 client may begin with AddOffsetsToTxn's request; what it ends with tells for good.
        short clientVersion = isOngoing ? state.clientVersion() : session.clientVersion();
        space.store(
                session.transactionalId(),
                state.withPartitions(partitions, space.nowMs(), clientVersion));
        return Errors.NONE;
    }

    private Errors verify(Session session, String topic, int partition) {
        TransactionState state = space.state(session.transactionalId());
        if (state == null || state.producerId() != session.producerId()) {
            return Errors.INVALID_PRODUCER_ID_MAPPING;
        }
        if (state.producerEpoch() != session.producerEpoch()) {
            return Errors.PRODUCER_FENCED;
        }
        if (state.status().isPrepared()) {
            return Errors.CONCURRENT_TRANSACTIONS;
        }
        TopicImage image = space.image().topic(topic);
        return image != null
                        && state.partitions()
                                .contains(
                                        new TransactionPartition(topic, image.topicId(), partition))
                ? Errors.NONE
                : Errors.TRANSACTION_ABORTABLE;
    }

    /**
     * Partitions that are not there. A node that leads one also says which topic of that name it
     * means: when it or this owner has yet to hear that the topic was made anew, they mean two.
     */
    private Set<String> unknownIn(AddPartitionsToTxnTopicCollection topics) {
        Set<String> unknown = new HashSet<>();
        for (var topic : topics) {
            TopicImage image = space.image().topic(topic.name());
            Uuid meant = TaggedFields.uuid(topic, TaggedFields.TOPIC_ID);
            boolean isOther =
                    image != null
                            && !meant.equals(Uuid.ZERO_UUID)
                            && !meant.equals(image.topicId());
            for (int partition : topic.partitions()) {
                if (image == null || isOther || image.partition(partition) == null) {
                    unknown.add(topic.name() + "-" + partition);
                }
            }
        }
        return unknown;
    }

    private Set<TransactionPartition> partitionsIn(AddPartitionsToTxnTopicCollection topics) {
        Set<TransactionPartition> partitions = new HashSet<>();
        for (var topic : topics) {
            TopicImage image = space.image().topic(topic.name());
            List<Integer> indexes = topic.partitions();
            if (image != null) {
                indexes.forEach(
                        index ->
                                partitions.add(
                                        new TransactionPartition(
                                                topic.name(), image.topicId(), index)));
            }
        }
        return partitions;
    }

    /** One unknown partition, and none is added. */
    private static AddPartitionsToTxnResponseData refusal(
            AddPartitionsToTxnTopicCollection topics, Set<String> unknown) {
        return new AddPartitionsToTxnResponseData()
                .setResultsByTopicV3AndBelow(
                        TransactionErrors.topics(
                                topics,
                                (topic, partition) ->
                                        unknown.contains(topic + "-" + partition)
                                                ? Errors.UNKNOWN_TOPIC_OR_PARTITION.code()
                                                : Errors.OPERATION_NOT_ATTEMPTED.code()));
    }
}
