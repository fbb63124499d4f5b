package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.consumer.ConsumerMember;
import io.headrace.coordinator.group.offset.CommittedOffset;
import io.headrace.coordinator.group.offset.PendingOffsets;
import io.headrace.coordinator.group.offset.PendingOffsets.Fence;
import io.headrace.coordinator.group.space.GroupEvent;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.GroupTask;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestPartition;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData.TxnOffsetCommitRequestTopic;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponsePartition;
import org.apache.kafka.common.message.TxnOffsetCommitResponseData.TxnOffsetCommitResponseTopic;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData.WritableTxnMarker;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;

/**
 * Decides TxnOffsetCommit and the markers that end transactions with offsets in this shard.
 *
 * <p>The first offset of a transaction waits until the owner of its transactional id has said that
 * this partition belongs to the open transaction (KIP-890). A marker of the producer that comes
 * meanwhile voids the question: what it was about may have ended, so it is asked again. Confined to
 * the shard's core.
 */
final class TransactionalOffsets {
    private static final short IMPLICIT_ADD = 5;
    private static final short KNOWS_ABORTABLE = 4;
    private static final byte V2 = 2;
    private static final int MAX_QUESTIONS = 3;

    /** Producers of one shard; above it no unknown one may commit. */
    private static final int MAX_PRODUCERS = 200_000;

    /** As long as a silent transactional id is remembered by default. */
    private static final long FENCE_RETENTION_MS = 7L * 24 * 3_600_000;

    private final GroupSpace space;
    private final Map<Long, Question> questions = new HashMap<>();
    private long lastQuestionId;

    /** A request that waits for the owner of its transactional id. */
    private static final class Question {
        private final ShardRequest request;
        private final TxnOffsetCommitRequestData body;
        private final int attempt;
        private boolean isVoid;

        Question(ShardRequest request, TxnOffsetCommitRequestData body, int attempt) {
            this.request = request;
            this.body = body;
            this.attempt = attempt;
        }
    }

    TransactionalOffsets(GroupSpace space) {
        this.space = space;
    }

    void decide(ShardRequest request, TxnOffsetCommitRequestData body) {
        Errors error = check(body);
        if (error != Errors.NONE) {
            reply(request, body, error);
        } else if (space.pendingOffsets().openEpoch(body.producerId()) == body.producerEpoch()) {
            commit(request, body); // of a transaction that is known to be open
        } else {
            ask(request, body, 1);
        }
    }

    private void ask(ShardRequest request, TxnOffsetCommitRequestData body, int attempt) {
        lastQuestionId++;
        questions.put(lastQuestionId, new Question(request, body, attempt));
        space.run(
                new GroupTask.VerifyTransaction(
                        lastQuestionId,
                        body.transactionalId(),
                        body.producerId(),
                        body.producerEpoch(),
                        request.version() >= IMPLICIT_ADD));
    }

    void onVerified(GroupEvent.TransactionVerified answer) {
        Question question = questions.remove(answer.questionId());
        if (question == null) {
            return;
        }
        if (answer.error() != Errors.NONE) {
            reply(
                    question.request,
                    question.body,
                    known(answer.error(), question.request.version()));
            return;
        }
        Errors error = check(question.body);
        if (error != Errors.NONE) {
            reply(question.request, question.body, error);
        } else if (!question.isVoid) {
            commit(question.request, question.body);
        } else if (question.attempt < MAX_QUESTIONS) {
            ask(question.request, question.body, question.attempt + 1);
        } else {
            reply(question.request, question.body, Errors.COORDINATOR_LOAD_IN_PROGRESS);
        }
    }

    /** What clients of the version do right with. */
    private static Errors known(Errors error, short version) {
        return switch (error) {
            case PRODUCER_FENCED -> Errors.INVALID_PRODUCER_EPOCH;
            case TRANSACTION_ABORTABLE ->
                    version >= KNOWS_ABORTABLE ? error : Errors.INVALID_TXN_STATE;
            case INVALID_PRODUCER_ID_MAPPING, INVALID_PRODUCER_EPOCH, INVALID_TXN_STATE -> error;
            default -> Errors.COORDINATOR_LOAD_IN_PROGRESS; // retried without looking anew
        };
    }

    private Errors check(TxnOffsetCommitRequestData body) {
        int partitions = 0;
        for (TxnOffsetCommitRequestTopic topic : body.topics()) {
            partitions += topic.partitions().size();
        }
        if (body.transactionalId().isEmpty()
                || partitions > space.properties().maxPartitionsPerRequest()) {
            return Errors.INVALID_REQUEST;
        }
        PendingOffsets offsets = space.pendingOffsets();
        Fence fence = offsets.fence(body.producerId());
        if ((fence != null && body.producerEpoch() < fence.producerEpoch())
                || body.producerEpoch() < offsets.openEpoch(body.producerId())) {
            return Errors.INVALID_PRODUCER_EPOCH;
        }
        if (fence == null && offsets.producerCount() >= MAX_PRODUCERS) {
            return Errors.COORDINATOR_NOT_AVAILABLE;
        }
        return checkMember(body);
    }

    private Errors checkMember(TxnOffsetCommitRequestData body) {
        ConsumerGroup consumerGroup = space.consumerGroup(body.groupId());
        if (consumerGroup != null) {
            return checkMember(consumerGroup, body);
        }
        if (space.shareGroup(body.groupId()) != null) {
            return Errors.GROUP_ID_NOT_FOUND; // share groups commit no offsets
        }
        ClassicGroup group = space.group(body.groupId());
        int generation = body.generationId();
        if (group == null) {
            if (generation >= 0) {
                return Errors.ILLEGAL_GENERATION;
            }
            return space.hasRoomForGroup() ? Errors.NONE : Errors.COORDINATOR_NOT_AVAILABLE;
        }
        boolean namesMember =
                generation >= 0 || !body.memberId().isEmpty() || body.groupInstanceId() != null;
        if (!namesMember) {
            return Errors.NONE; // a producer of before KIP-447
        }
        if (generation < 0 && group.isIn(ClassicGroupState.EMPTY)) {
            return Errors.NONE;
        }
        Errors error = group.checkMember(body.memberId(), body.groupInstanceId());
        if (error != Errors.NONE) {
            return error;
        }
        return generation == group.generation() ? Errors.NONE : Errors.ILLEGAL_GENERATION;
    }

    private static Errors checkMember(ConsumerGroup group, TxnOffsetCommitRequestData body) {
        int epoch = body.generationId();
        if (epoch < 0 && body.memberId().isEmpty()) {
            return Errors.NONE; // a producer of before KIP-447
        }
        if (epoch < 0 && group.memberCount() == 0) {
            return Errors.NONE;
        }
        ConsumerMember member = group.member(body.memberId());
        if (member == null) {
            return Errors.UNKNOWN_MEMBER_ID;
        }
        return epoch == member.memberEpoch() ? Errors.NONE : Errors.ILLEGAL_GENERATION;
    }

    private void commit(ShardRequest request, TxnOffsetCommitRequestData body) {
        boolean isNew =
                space.group(body.groupId()) == null && space.consumerGroup(body.groupId()) == null;
        if (isNew) {
            space.addGroup(new ClassicGroup(body.groupId(), space.nowMs()));
        }
        TxnOffsetCommitResponseData response = new TxnOffsetCommitResponseData();
        for (TxnOffsetCommitRequestTopic topic : body.topics()) {
            TopicImage image = space.image().topic(topic.name());
            TxnOffsetCommitResponseTopic answer =
                    new TxnOffsetCommitResponseTopic().setName(topic.name());
            response.topics().add(answer);
            for (TxnOffsetCommitRequestPartition partition : topic.partitions()) {
                Errors error = commit(body, image, partition);
                answer.partitions()
                        .add(
                                new TxnOffsetCommitResponsePartition()
                                        .setPartitionIndex(partition.partitionIndex())
                                        .setErrorCode(error.code()));
            }
        }
        forgetIfNothing(body.groupId());
        space.reply(new Waiter(request.id(), request.version()), response);
    }

    private Errors commit(
            TxnOffsetCommitRequestData body,
            @Nullable TopicImage topic,
            TxnOffsetCommitRequestPartition partition) {
        if (topic == null || topic.partition(partition.partitionIndex()) == null) {
            return Errors.UNKNOWN_TOPIC_OR_PARTITION;
        }
        String metadata = partition.committedMetadata();
        if (metadata != null && metadata.length() > space.properties().offsetMetadataMaxBytes()) {
            return Errors.OFFSET_METADATA_TOO_LARGE;
        }
        PendingOffsets.Key key =
                new PendingOffsets.Key(
                        body.groupId(),
                        new TopicPartition(topic.name(), partition.partitionIndex()));
        CommittedOffset offset =
                new CommittedOffset(
                        partition.committedOffset(),
                        partition.committedLeaderEpoch(),
                        metadata == null ? "" : metadata,
                        space.nowMs(),
                        CommittedOffset.NO_EXPIRY,
                        topic.topicId());
        space.pendingOffsets().put(body.producerId(), body.producerEpoch(), key, offset);
        space.append(PendingOffsets.pending(body.producerId(), body.producerEpoch(), key, offset));
        return Errors.NONE;
    }

    /** Markers for this shard's partition: one for each transaction. */
    void decide(ShardRequest request, WriteTxnMarkersRequestData body) {
        Map<Long, Errors> results = new HashMap<>();
        for (WritableTxnMarker marker : body.markers()) {
            results.put(marker.producerId(), apply(marker));
        }
        space.reply(
                new Waiter(request.id(), request.version()),
                GroupErrors.markers(
                        body,
                        producerId -> results.getOrDefault(producerId, Errors.INVALID_REQUEST)));
    }

    private Errors apply(WritableTxnMarker marker) {
        long producerId = marker.producerId();
        short epoch = marker.producerEpoch();
        PendingOffsets offsets = space.pendingOffsets();
        Fence fence = offsets.fence(producerId);
        if (fence != null && marker.coordinatorEpoch() < fence.coordinatorEpoch()) {
            return Errors.TRANSACTION_COORDINATOR_FENCED;
        }
        short openEpoch = offsets.openEpoch(producerId);
        // A V2 marker has a later epoch than what it ends: an equal one ended the one before.
        boolean isOlder =
                epoch < openEpoch
                        || (openEpoch >= 0
                                && epoch == openEpoch
                                && marker.transactionVersion() >= V2);
        if (isOlder || (fence != null && epoch < fence.producerEpoch())) {
            return Errors.INVALID_PRODUCER_EPOCH;
        }
        for (Question question : questions.values()) {
            question.isVoid |= question.body.producerId() == producerId;
        }
        Map<PendingOffsets.Key, PendingOffsets.Pending> decided =
                Map.copyOf(offsets.of(producerId));
        offsets.close(producerId);
        decided.forEach(
                (key, pending) -> {
                    if (marker.transactionResult()) {
                        space.commit(key, pending.offset(), pending.order());
                        space.counters().onOffsetsCommitted(1);
                    }
                    space.append(PendingOffsets.decided(producerId, key));
                    forgetIfNothing(key.groupId());
                });
        Fence newFence = new Fence(epoch, marker.coordinatorEpoch(), space.nowMs());
        offsets.putFence(producerId, newFence);
        space.append(PendingOffsets.fenced(producerId, newFence));
        return Errors.NONE;
    }

    private void forgetIfNothing(String groupId) {
        ClassicGroup group = space.group(groupId);
        if (group != null) {
            space.forgetIfNothing(group);
        }
    }

    /** Forgets what was decided long ago. */
    void expire() {
        for (long producerId :
                space.pendingOffsets().expireFences(space.nowMs() - FENCE_RETENTION_MS)) {
            space.append(PendingOffsets.forgotten(producerId));
        }
    }

    /** Nobody waits for the answer any more; the question's own answer will find nothing. */
    void onAbandoned(long requestId) {
        questions.values().removeIf(question -> question.request.id() == requestId);
    }

    private void reply(ShardRequest request, TxnOffsetCommitRequestData body, Errors error) {
        space.reply(
                new Waiter(request.id(), request.version()),
                GroupErrors.reply(body, request.version(), error));
    }
}
