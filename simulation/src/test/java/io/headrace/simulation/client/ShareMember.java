package io.headrace.simulation.client;

import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData.DescribeShareGroupOffsetsRequestGroup;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData.DescribeShareGroupOffsetsRequestTopic;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsResponseData;
import org.apache.kafka.common.message.ShareAcknowledgeRequestData;
import org.apache.kafka.common.message.ShareAcknowledgeRequestData.AcknowledgePartition;
import org.apache.kafka.common.message.ShareAcknowledgeRequestData.AcknowledgeTopic;
import org.apache.kafka.common.message.ShareAcknowledgeResponseData;
import org.apache.kafka.common.message.ShareFetchRequestData;
import org.apache.kafka.common.message.ShareFetchRequestData.FetchPartition;
import org.apache.kafka.common.message.ShareFetchRequestData.FetchTopic;
import org.apache.kafka.common.message.ShareFetchResponseData;
import org.apache.kafka.common.message.ShareFetchResponseData.AcquiredRecords;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * A member of a share group (KIP-932) that reads one partition: it accepts most of what it is
 * given, releases some, rejects little, and forgets some until its lock ends. {@link ShareLedger}
 * compares.
 */
public final class ShareMember {
    private static final long HEARTBEAT_MS = 1_000;
    private static final byte ACCEPT = 1;
    private static final byte RELEASE = 2;
    private static final byte REJECT = 3;

    private final ClusterClient client;
    private final World world;
    private final ShareLedger ledger;
    private final String group;
    private final String memberId;
    private final TopicPartition partition;
    private int memberEpoch;
    private long heardMs = Long.MIN_VALUE / 2;
    private boolean hasToSayAll = true;
    private boolean assigned;
    private @Nullable String sessionWith;
    private int sessionEpoch;
    private boolean stopping;
    private boolean done;
    private long endOffset = -1;
    private long startOffset = -1;

    public ShareMember(
            Host host,
            Wire wire,
            List<String> nodes,
            ShareLedger ledger,
            String group,
            TopicPartition partition) {
        this.client = new ClusterClient(host, wire, nodes);
        this.world = host.world();
        this.ledger = ledger;
        this.group = group;
        this.memberId = new Uuid(world.random().nextLong(), world.random().nextLong()).toString();
        this.partition = partition;
    }

    public void start() {
        client.loop().execute(() -> client.retry(this::next));
    }

    /** From now on it accepts everything, until the group has all up to that offset. */
    public void finish(long end) {
        endOffset = end;
        stopping = true;
    }

    /** Whether the group's state begins at the end of the partition. */
    public boolean isDone() {
        return done;
    }

    /** Where the group's state begins, as last described; for messages. */
    public long startOffset() {
        return startOffset;
    }

    private void pause() {
        client.loop().schedule(() -> client.run(this::next), world.between(1, 60));
    }

    private void next() {
        if (done) {
            return;
        }
        if (world.elapsedMs() - heardMs >= HEARTBEAT_MS || !assigned) {
            heartbeat();
        } else if (stopping && world.chance(0.3)) {
            describe();
        } else {
            fetch();
        }
    }

    // Membership.

    private void heartbeat() {
        ShareGroupHeartbeatRequestData request =
                new ShareGroupHeartbeatRequestData()
                        .setGroupId(group)
                        .setMemberId(memberId)
                        .setMemberEpoch(memberEpoch)
                        .setSubscribedTopicNames(hasToSayAll ? List.of(partition.topic()) : null);
        client.ask(
                        client.anyNode(),
                        ApiKeys.SHARE_GROUP_HEARTBEAT,
                        1,
                        request,
                        ShareGroupHeartbeatResponseData.class)
                .whenComplete((answer, failure) -> client.run(() -> onHeartbeat(answer)));
    }

    private void onHeartbeat(@Nullable ShareGroupHeartbeatResponseData answer) {
        Errors error =
                answer == null ? Errors.NETWORK_EXCEPTION : Errors.forCode(answer.errorCode());
        hasToSayAll = error != Errors.NONE; // an assignment may be lost with the answer
        if (answer != null && error == Errors.NONE) {
            memberEpoch = answer.memberEpoch();
            heardMs = world.elapsedMs();
            if (answer.assignment() != null) {
                assigned =
                        answer.assignment().topicPartitions().stream()
                                .anyMatch(
                                        each -> each.partitions().contains(partition.partition()));
            }
        } else if (error == Errors.UNKNOWN_MEMBER_ID || error == Errors.FENCED_MEMBER_EPOCH) {
            memberEpoch = 0;
            assigned = false;
        }
        if (error == Errors.NONE && assigned) {
            pause();
        } else {
            client.retry(this::next);
        }
    }

    // Records.

    private void fetch() {
        String leader = client.leaderOf(partition);
        Uuid topicId = client.topicIdOf(partition.topic());
        if (leader == null || topicId == null) {
            client.retry(this::next);
            return;
        }
        if (!leader.equals(sessionWith)) {
            sessionWith = leader;
            sessionEpoch = 0;
        }
        ShareFetchRequestData request =
                new ShareFetchRequestData()
                        .setGroupId(group)
                        .setMemberId(memberId)
                        .setShareSessionEpoch(sessionEpoch)
                        .setMaxWaitMs(200)
                        .setMinBytes(1)
                        .setMaxBytes(1 << 20)
                        .setMaxRecords(8)
                        .setBatchSize(8);
        FetchTopic topic = new FetchTopic().setTopicId(topicId);
        topic.partitions().add(new FetchPartition().setPartitionIndex(partition.partition()));
        request.topics().add(topic);
        ShareLedger.Asked asked = ledger.onAsking(leader);
        client.ask(leader, ApiKeys.SHARE_FETCH, 2, request, ShareFetchResponseData.class)
                .whenComplete((answer, failure) -> client.run(() -> onFetched(asked, answer)));
    }

    private void onFetched(ShareLedger.Asked asked, @Nullable ShareFetchResponseData answer) {
        if (answer == null || answer.errorCode() != Errors.NONE.code()) {
            sessionWith = null;
            client.retry(this::next);
            return;
        }
        sessionEpoch++;
        for (var topic : answer.responses()) {
            for (var data : topic.partitions()) {
                if (data.errorCode() != Errors.NONE.code()) {
                    sessionWith = null;
                    client.retry(this::next);
                    return;
                }
                if (!data.acquiredRecords().isEmpty()) {
                    ledger.onDelivered(asked, memberId, data.acquiredRecords());
                    acknowledge(topic.topicId(), data.acquiredRecords());
                    return;
                }
            }
        }
        pause();
    }

    private byte type() {
        if (stopping || world.chance(0.7)) {
            return ACCEPT;
        }
        return world.chance(0.9) ? RELEASE : REJECT;
    }

    private void acknowledge(Uuid topicId, List<AcquiredRecords> acquired) {
        if (!stopping && world.chance(0.1)) {
            pause(); // they come again when their locks end
            return;
        }
        String leader = sessionWith;
        if (leader == null) {
            pause();
            return;
        }
        byte type = type();
        AcknowledgePartition acknowledged =
                new AcknowledgePartition().setPartitionIndex(partition.partition());
        for (AcquiredRecords range : acquired) {
            acknowledged
                    .acknowledgementBatches()
                    .add(
                            new ShareAcknowledgeRequestData.AcknowledgementBatch()
                                    .setFirstOffset(range.firstOffset())
                                    .setLastOffset(range.lastOffset())
                                    .setAcknowledgeTypes(List.of(type)));
        }
        AcknowledgeTopic topic = new AcknowledgeTopic().setTopicId(topicId);
        topic.partitions().add(acknowledged);
        ShareAcknowledgeRequestData request =
                new ShareAcknowledgeRequestData()
                        .setGroupId(group)
                        .setMemberId(memberId)
                        .setShareSessionEpoch(sessionEpoch);
        request.topics().add(topic);
        client.loop()
                .schedule(
                        () -> send(leader, request, acquired, type != RELEASE),
                        world.chance(0.1) ? world.between(500, 2_500) : world.between(0, 40));
    }

    private void send(
            String leader,
            ShareAcknowledgeRequestData request,
            List<AcquiredRecords> acquired,
            boolean isFinal) {
        client.ask(
                        leader,
                        ApiKeys.SHARE_ACKNOWLEDGE,
                        2,
                        request,
                        ShareAcknowledgeResponseData.class)
                .whenComplete(
                        (answer, failure) ->
                                client.run(() -> onAcknowledged(answer, acquired, isFinal)));
    }

    private void onAcknowledged(
            @Nullable ShareAcknowledgeResponseData answer,
            List<AcquiredRecords> acquired,
            boolean isFinal) {
        if (answer == null || answer.errorCode() != Errors.NONE.code()) {
            sessionWith = null;
            client.retry(this::next);
            return;
        }
        sessionEpoch++;
        for (var topic : answer.responses()) {
            for (var data : topic.partitions()) {
                if (data.errorCode() == Errors.NONE.code() && isFinal) {
                    ledger.onAcknowledged(acquired);
                }
            }
        }
        pause();
    }

    // The end.

    private void describe() {
        DescribeShareGroupOffsetsRequestGroup asked =
                new DescribeShareGroupOffsetsRequestGroup()
                        .setGroupId(group)
                        .setTopics(
                                List.of(
                                        new DescribeShareGroupOffsetsRequestTopic()
                                                .setTopicName(partition.topic())
                                                .setPartitions(List.of(partition.partition()))));
        client.ask(
                        client.anyNode(),
                        ApiKeys.DESCRIBE_SHARE_GROUP_OFFSETS,
                        1,
                        new DescribeShareGroupOffsetsRequestData().setGroups(List.of(asked)),
                        DescribeShareGroupOffsetsResponseData.class)
                .whenComplete((answer, failure) -> client.run(() -> onDescribed(answer)));
    }

    private void onDescribed(@Nullable DescribeShareGroupOffsetsResponseData answer) {
        if (answer != null && answer.groups().getFirst().errorCode() == Errors.NONE.code()) {
            for (var topic : answer.groups().getFirst().topics()) {
                for (var each : topic.partitions()) {
                    startOffset = each.startOffset();
                    done = each.errorCode() == Errors.NONE.code() && startOffset >= endOffset;
                }
            }
        }
        pause();
    }
}
