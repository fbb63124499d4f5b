package io.headrace.coordinator.group;

import io.headrace.coordinator.group.space.GroupCounters;
import io.headrace.coordinator.group.space.GroupEvent;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.group.space.GroupTask;
import io.headrace.coordinator.group.space.GroupTask.VerifyTransaction;
import io.headrace.coordinator.shard.Effects;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.coordinator.shard.ShardTask;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData.JoinGroupRequestProtocol;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData.SyncGroupRequestAssignment;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A group shard whose records are committed at once, driven step by step. */
final class GroupHarness {
    static final Uuid TOPIC_ID = new Uuid(1, 2);
    static final String GROUP = "group";

    private final GroupProperties properties;
    private final List<ShardRecord> log = new ArrayList<>();
    private final Map<Long, ApiMessage> answers = new HashMap<>();
    private final Deque<VerifyTransaction> questions = new ArrayDeque<>();
    private final Deque<GroupTask> stateTasks = new ArrayDeque<>();
    private GroupShard shard;
    private MetadataImage image = TestCluster.withTopic(MetadataImage.EMPTY, "orders", TOPIC_ID, 4);
    private long nowMs = 10_000_000;
    private long lastId;

    GroupHarness(GroupProperties properties) {
        this.properties = properties;
        this.shard = restarted();
    }

    static GroupHarness withoutDelay() {
        return new GroupHarness(GroupProperties.defaults().withInitialRebalanceDelayMs(0));
    }

    /** The shard as another owner makes it from the log. */
    void restart() {
        shard = restarted();
    }

    private GroupShard restarted() {
        GroupShard loaded =
                new GroupShard(properties, new SplittableRandom(lastId), GroupCounters.NONE);
        log.forEach(loaded::replay);
        Effects effects = new Effects();
        loaded.onLoaded(image, nowMs, effects);
        take(effects);
        return loaded;
    }

    GroupShard shard() {
        return shard;
    }

    List<ShardRecord> log() {
        return log;
    }

    void setImage(MetadataImage newImage) {
        image = newImage;
        Effects effects = new Effects();
        shard.onMetadata(newImage, nowMs, effects);
        take(effects);
    }

    MetadataImage image() {
        return image;
    }

    long nowMs() {
        return nowMs;
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

    /** Sends a request, and tells its id. */
    long send(ApiMessage body, int version) {
        lastId++;
        Effects effects = new Effects();
        shard.onRequest(
                new ShardRequest(lastId, body, (short) version, "client", "/10.0.0.1"),
                nowMs,
                effects);
        take(effects);
        return lastId;
    }

    void abandon(long requestId) {
        Effects effects = new Effects();
        shard.onAbandoned(requestId, nowMs, effects);
        take(effects);
    }

    /** The newest question about a transaction. */
    VerifyTransaction lastQuestion() {
        return questions.getLast();
    }

    /** Answers the newest question about a transaction. */
    void verify(Errors error) {
        Effects effects = new Effects();
        VerifyTransaction question = questions.removeLast();
        shard.onEvent(
                new GroupEvent.TransactionVerified(question.questionId(), error), nowMs, effects);
        take(effects);
    }

    /** Work on states of share partitions that was not answered, in order. */
    Deque<GroupTask> stateTasks() {
        return stateTasks;
    }

    void deliver(GroupEvent event) {
        Effects effects = new Effects();
        shard.onEvent(event, nowMs, effects);
        take(effects);
    }

    private void take(Effects effects) {
        for (ShardTask task : effects.tasks()) {
            if (task instanceof VerifyTransaction question) {
                questions.add(question);
            } else {
                stateTasks.add((GroupTask) task);
            }
        }
        log.addAll(effects.records());
        for (Effects.Reply reply : effects.replies()) {
            if (answers.put(reply.requestId(), reply.response()) != null) {
                throw new AssertionError("Request " + reply.requestId() + " answered twice");
            }
        }
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

    // Members.

    static JoinGroupRequestData join(
            String memberId, @Nullable String instanceId, String... names) {
        JoinGroupRequestData join =
                new JoinGroupRequestData()
                        .setGroupId(GROUP)
                        .setMemberId(memberId)
                        .setGroupInstanceId(instanceId)
                        .setProtocolType("consumer")
                        .setSessionTimeoutMs(10_000)
                        .setRebalanceTimeoutMs(60_000);
        for (String name : names) {
            join.protocols()
                    .add(
                            new JoinGroupRequestProtocol()
                                    .setName(name)
                                    .setMetadata(subscription("orders")));
        }
        return join;
    }

    static byte[] subscription(String topic) {
        byte[] name = topic.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(2 + 4 + 2 + name.length + 4)
                .putShort((short) 0)
                .putInt(1)
                .putShort((short) name.length)
                .put(name)
                .putInt(-1)
                .array();
    }

    /** Asks for a member id as version 4 and later do. */
    String newMemberId(String... protocols) {
        JoinGroupResponseData answer =
                call(join("", null, protocols), 9, JoinGroupResponseData.class);
        if (answer.errorCode() != Errors.MEMBER_ID_REQUIRED.code()) {
            throw new AssertionError("Got " + answer);
        }
        return answer.memberId();
    }

    long sendJoin(String memberId, String... protocols) {
        return send(join(memberId, null, protocols), 9);
    }

    JoinGroupResponseData joined(long requestId) {
        return answer(requestId, JoinGroupResponseData.class);
    }

    long sendSync(String memberId, int generation, Map<String, String> assignments) {
        SyncGroupRequestData sync =
                new SyncGroupRequestData()
                        .setGroupId(GROUP)
                        .setMemberId(memberId)
                        .setGenerationId(generation);
        assignments.forEach(
                (member, assignment) ->
                        sync.assignments()
                                .add(
                                        new SyncGroupRequestAssignment()
                                                .setMemberId(member)
                                                .setAssignment(
                                                        assignment.getBytes(
                                                                StandardCharsets.UTF_8))));
        return send(sync, 5);
    }

    SyncGroupResponseData synced(long requestId) {
        return answer(requestId, SyncGroupResponseData.class);
    }

    Errors heartbeat(String memberId, int generation) {
        HeartbeatRequestData heartbeat =
                new HeartbeatRequestData()
                        .setGroupId(GROUP)
                        .setMemberId(memberId)
                        .setGenerationId(generation);
        return Errors.forCode(call(heartbeat, 4, HeartbeatResponseData.class).errorCode());
    }

    /** A stable group of one member, which is told. */
    String stableMember() {
        String memberId = newMemberId("range");
        JoinGroupResponseData joined = joined(sendJoin(memberId, "range"));
        synced(sendSync(memberId, joined.generationId(), Map.of(memberId, "all")));
        return memberId;
    }
}
