package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData.TopicPartitions;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** A consumer that does what it is told, one heartbeat at a time. */
final class TestConsumer {
    static final int REBALANCE_MS = 60_000;

    private final GroupHarness group;
    private final String memberId;
    private final @Nullable String instanceId;
    int epoch;
    List<Integer> owned = List.of();
    int heartbeatMs;

    TestConsumer(GroupHarness group, String memberId, @Nullable String instanceId) {
        this.instanceId = instanceId;
        this.group = group;
        this.memberId = memberId;
    }

    ConsumerGroupHeartbeatRequestData request() {
        return new ConsumerGroupHeartbeatRequestData()
                .setGroupId(GroupHarness.GROUP)
                .setMemberId(memberId)
                .setInstanceId(instanceId)
                .setMemberEpoch(epoch);
    }

    ConsumerGroupHeartbeatRequestData joining() {
        return request()
                .setMemberEpoch(0)
                .setRebalanceTimeoutMs(REBALANCE_MS)
                .setSubscribedTopicNames(List.of("orders"))
                .setTopicPartitions(List.of());
    }

    ConsumerGroupHeartbeatResponseData send(ConsumerGroupHeartbeatRequestData request) {
        return group.call(request, 1, ConsumerGroupHeartbeatResponseData.class);
    }

    TestConsumer join() {
        owned = List.of();
        take(send(joining()));
        return this;
    }

    /** Tells that it is alive, and what it owns. */
    TestConsumer beat() {
        take(send(reporting()));
        return this;
    }

    ConsumerGroupHeartbeatRequestData reporting() {
        return request()
                .setTopicPartitions(
                        List.of(
                                new TopicPartitions()
                                        .setTopicId(GroupHarness.TOPIC_ID)
                                        .setPartitions(owned)));
    }

    void take(ConsumerGroupHeartbeatResponseData answer) {
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NONE);
        epoch = answer.memberEpoch();
        heartbeatMs = answer.heartbeatIntervalMs();
        if (answer.assignment() != null) {
            List<Integer> next = new ArrayList<>();
            answer.assignment().topicPartitions().forEach(topic -> next.addAll(topic.partitions()));
            next.sort(null);
            owned = next;
        }
    }

    Errors error(ConsumerGroupHeartbeatRequestData request) {
        return Errors.forCode(send(request).errorCode());
    }
}
