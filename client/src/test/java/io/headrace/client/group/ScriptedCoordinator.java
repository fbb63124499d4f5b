package io.headrace.client.group;

import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.server.FrameServer;
import io.headrace.transport.server.InboundRequest;
import io.headrace.transport.server.ServerOptions;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.NullUnmarked;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Two nodes, of which one coordinates a classic group of one member, as Kafka does it, but for what
 * the script says of the next requests of a kind. The topic's partitions have no records. All state
 * is guarded by this.
 */
@NullUnmarked // Every field of a message is there in the versions that are spoken here.
final class ScriptedCoordinator implements AutoCloseable {
    static final String TOPIC = "t";
    private static final Uuid TOPIC_ID = Uuid.randomUuid();
    private static final long EMPTY_FETCH_MS = 5;
    private static final List<ApiKeys> APIS =
            List.of(
                    ApiKeys.API_VERSIONS,
                    ApiKeys.METADATA,
                    ApiKeys.FIND_COORDINATOR,
                    ApiKeys.JOIN_GROUP,
                    ApiKeys.SYNC_GROUP,
                    ApiKeys.HEARTBEAT,
                    ApiKeys.LEAVE_GROUP,
                    ApiKeys.OFFSET_COMMIT,
                    ApiKeys.OFFSET_FETCH,
                    ApiKeys.FETCH);

    /** A request as it came. */
    record Asked(int node, ApiKeys api, ApiMessage body) {}

    /** A request that is not answered yet. */
    private record Held(int node, InboundRequest request, RequestHead head, ApiMessage body) {}

    private final LoopGroup loops = LoopGroup.start("scripted", 1);
    private final List<FrameServer> nodes = new ArrayList<>();
    private final Map<ApiKeys, Queue<Consumer<Held>>> script = new EnumMap<>(ApiKeys.class);
    private final List<Asked> asked = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();
    private final Set<String> fetched = new HashSet<>();
    private final Map<TopicPartition, Long> committed = new HashMap<>();
    private int coordinator;
    private int partitions = 2;
    private int members;
    private String memberId = "";
    private int generation;
    private boolean mustJoin;
    private boolean skipsAssignment;
    private Set<Integer> assignment = Set.of(0, 1);

    ScriptedCoordinator() {
        for (int i = 0; i < 2; i++) {
            int node = i;
            nodes.add(
                    FrameServer.start(
                            ServerOptions.at("127.0.0.1", 0),
                            loops,
                            connection -> request -> onRequest(node, request)));
        }
    }

    @Override
    public void close() {
        nodes.forEach(FrameServer::close);
        loops.close();
    }

    // The script.

    String bootstrap() {
        return "127.0.0.1:" + nodes.getFirst().address().getPort();
    }

    /** The next request of that kind is answered with an error. */
    void failNext(ApiKeys api, Errors error) {
        next(api, one -> reply(one, failure(one, error)));
    }

    /** The next request of that kind changes nothing, and its connection ends. */
    void loseNext(ApiKeys api) {
        next(api, one -> one.request().fail("told to"));
    }

    /** The next request of that kind waits for {@link #release}. */
    void holdNext(ApiKeys api) {
        next(api, held::add);
    }

    /** The next request of that kind is answered as usual. */
    void next(ApiKeys api) {
        next(api, one -> reply(one, answer(one)));
    }

    /** From now on all is answered as usual. */
    synchronized void endScript() {
        script.clear();
    }

    private synchronized void next(ApiKeys api, Consumer<Held> fate) {
        script.computeIfAbsent(api, a -> new ArrayDeque<>()).add(fate);
    }

    /** Answers what was held, as it is to be answered now. */
    synchronized void release() {
        List<Held> all = List.copyOf(held);
        held.clear();
        all.forEach(one -> reply(one, answer(one)));
    }

    synchronized int heldCount() {
        return held.size();
    }

    /** The other node coordinates the group from now on; it knows all that this one knew. */
    synchronized void move() {
        coordinator = 1 - coordinator;
    }

    synchronized int coordinator() {
        return coordinator;
    }

    /** The member's session ends. */
    synchronized void expire() {
        memberId = "";
        generation++;
    }

    /** A rebalance begins, after which the member gets these partitions. */
    synchronized void rebalance(Integer... wanted) {
        assignment = Set.of(wanted);
        mustJoin = true;
    }

    /** What the member gets when it joins the next time. */
    synchronized void assignNext(Integer... wanted) {
        assignment = Set.of(wanted);
    }

    /** What the member has, or is to get. */
    synchronized Set<TopicPartition> assignment() {
        Set<TopicPartition> all = new HashSet<>();
        assignment.forEach(index -> all.add(new TopicPartition(TOPIC, index)));
        return all;
    }

    /** A generation passes without the member, which stays known. */
    synchronized void leaveBehind() {
        generation++;
    }

    /**
     * The leader is told to assign nothing, as one that comes back in its static name (KIP-814).
     */
    synchronized void skipAssignment() {
        skipsAssignment = true;
    }

    synchronized void grow(int count) {
        partitions = count;
    }

    // What was seen.

    synchronized List<Asked> asked(ApiKeys api) {
        return asked.stream().filter(one -> one.api() == api).toList();
    }

    synchronized void forgetAsked() {
        asked.clear();
    }

    synchronized String memberId() {
        return memberId;
    }

    synchronized int generation() {
        return generation;
    }

    synchronized Map<TopicPartition, Long> committed() {
        return Map.copyOf(committed);
    }

    /** The partitions that the last fetch named. */
    synchronized Set<String> fetched() {
        return Set.copyOf(fetched);
    }

    // Answers.

    private void onRequest(int node, InboundRequest request) {
        try {
            RequestHead head = RequestHead.read(request.frame());
            ApiMessage body = head.readBody(request.frame());
            request.releaseFrame();
            onRequest(new Held(node, request, head, body));
        } catch (MalformedFrameException e) {
            request.fail(String.valueOf(e.getMessage()));
        }
    }

    private synchronized void onRequest(Held one) {
        ApiKeys api = ApiKeys.forId(one.head().api().key());
        asked.add(new Asked(one.node(), api, one.body()));
        if (one.body() instanceof FetchRequestData fetch) {
            fetched.clear();
            fetch.topics()
                    .forEach(
                            topic ->
                                    topic.partitions()
                                            .forEach(
                                                    p -> fetched.add(TOPIC + "-" + p.partition())));
            loops.at(0).schedule(() -> reply(one, new FetchResponseData()), EMPTY_FETCH_MS);
            return;
        }
        Queue<Consumer<Held>> fates = script.getOrDefault(api, new ArrayDeque<>());
        if (fates.isEmpty()) {
            reply(one, answer(one));
        } else {
            fates.remove().accept(one);
        }
    }

    private static void reply(Held one, ApiMessage answer) {
        one.request().reply(MessageWriter.response(one.head(), answer));
    }

    private ApiMessage answer(Held one) {
        return switch (one.body()) {
            case JoinGroupRequestData join when isAt(one) -> join(join);
            case SyncGroupRequestData sync when isAt(one) -> sync(sync);
            case HeartbeatRequestData beat when isAt(one) ->
                    new HeartbeatResponseData()
                            .setErrorCode(check(beat.memberId(), beat.generationId()).code());
            case OffsetCommitRequestData commit when isAt(one) -> commit(commit);
            case OffsetFetchRequestData fetch when isAt(one) -> offsets(fetch, Errors.NONE);
            case LeaveGroupRequestData leave when isAt(one) -> leave(leave);
            default -> plain(one);
        };
    }

    private boolean isAt(Held one) {
        return one.node() == coordinator;
    }

    private ApiMessage plain(Held one) {
        return switch (ApiKeys.forId(one.head().api().key())) {
            case METADATA -> metadata();
            case FIND_COORDINATOR -> found((FindCoordinatorRequestData) one.body(), Errors.NONE);
            case API_VERSIONS -> versions();
            default -> failure(one, Errors.NOT_COORDINATOR);
        };
    }

    private ApiMessage failure(Held one, Errors error) {
        return switch (one.body()) {
            case JoinGroupRequestData join ->
                    new JoinGroupResponseData()
                            .setErrorCode(error.code())
                            .setMemberId(join.memberId());
            case SyncGroupRequestData sync ->
                    new SyncGroupResponseData().setErrorCode(error.code());
            case HeartbeatRequestData beat ->
                    new HeartbeatResponseData().setErrorCode(error.code());
            case LeaveGroupRequestData leave ->
                    new LeaveGroupResponseData().setErrorCode(error.code());
            case OffsetCommitRequestData commit -> commitAnswer(commit, error);
            case OffsetFetchRequestData fetch -> offsets(fetch, error);
            case FindCoordinatorRequestData find -> found(find, error);
            default -> throw new IllegalStateException("No failure of " + one.body());
        };
    }

    private Errors check(String asking, int asked) {
        if (memberId.isEmpty() || !memberId.equals(asking)) {
            return Errors.UNKNOWN_MEMBER_ID;
        }
        if (asked != generation) {
            return Errors.ILLEGAL_GENERATION;
        }
        return mustJoin ? Errors.REBALANCE_IN_PROGRESS : Errors.NONE;
    }

    private JoinGroupResponseData join(JoinGroupRequestData join) {
        JoinGroupResponseData answer = new JoinGroupResponseData();
        if (join.memberId().isEmpty()) {
            memberId = "m-" + ++members;
            return answer.setMemberId(memberId).setErrorCode(Errors.MEMBER_ID_REQUIRED.code());
        }
        if (!join.memberId().equals(memberId)) {
            return answer.setMemberId(join.memberId())
                    .setErrorCode(Errors.UNKNOWN_MEMBER_ID.code());
        }
        generation++;
        mustJoin = false;
        var protocol = join.protocols().iterator().next();
        answer.setGenerationId(generation)
                .setProtocolType(join.protocolType())
                .setProtocolName(protocol.name())
                .setLeader(memberId)
                .setSkipAssignment(skipsAssignment)
                .setMemberId(memberId);
        answer.members()
                .add(
                        new JoinGroupResponseData.JoinGroupResponseMember()
                                .setMemberId(memberId)
                                .setMetadata(protocol.metadata()));
        return answer;
    }

    private SyncGroupResponseData sync(SyncGroupRequestData sync) {
        Errors error = check(sync.memberId(), sync.generationId());
        List<TopicPartition> mine =
                assignment.stream().map(index -> new TopicPartition(TOPIC, index)).toList();
        return new SyncGroupResponseData()
                .setErrorCode(error.code())
                .setProtocolType(sync.protocolType())
                .setProtocolName(sync.protocolName())
                .setAssignment(
                        error == Errors.NONE
                                ? ConsumerProtocol.encodeAssignment(mine)
                                : new byte[0]);
    }

    private LeaveGroupResponseData leave(LeaveGroupRequestData leave) {
        if (leave.members().getFirst().memberId().equals(memberId)) {
            expire();
        }
        return new LeaveGroupResponseData();
    }

    private OffsetCommitResponseData commit(OffsetCommitRequestData commit) {
        Errors error = check(commit.memberId(), commit.generationIdOrMemberEpoch());
        if (error == Errors.REBALANCE_IN_PROGRESS) {
            error = Errors.NONE; // While members come, the old generation may still commit.
        }
        if (error == Errors.NONE) {
            commit.topics()
                    .forEach(
                            topic ->
                                    topic.partitions()
                                            .forEach(
                                                    p ->
                                                            committed.put(
                                                                    new TopicPartition(
                                                                            topic.name(),
                                                                            p.partitionIndex()),
                                                                    p.committedOffset())));
        }
        return commitAnswer(commit, error);
    }

    private static OffsetCommitResponseData commitAnswer(
            OffsetCommitRequestData commit, Errors error) {
        OffsetCommitResponseData answer = new OffsetCommitResponseData();
        for (var topic : commit.topics()) {
            var part = new OffsetCommitResponseData.OffsetCommitResponseTopic();
            part.setName(topic.name());
            topic.partitions()
                    .forEach(
                            p ->
                                    part.partitions()
                                            .add(
                                                    new OffsetCommitResponseData
                                                                    .OffsetCommitResponsePartition()
                                                            .setPartitionIndex(p.partitionIndex())
                                                            .setErrorCode(error.code())));
            answer.topics().add(part);
        }
        return answer;
    }

    private OffsetFetchResponseData offsets(OffsetFetchRequestData fetch, Errors error) {
        var group = new OffsetFetchResponseData.OffsetFetchResponseGroup();
        group.setGroupId(fetch.groups().getFirst().groupId()).setErrorCode(error.code());
        for (var topic : fetch.groups().getFirst().topics()) {
            var found = new OffsetFetchResponseData.OffsetFetchResponseTopics();
            found.setName(topic.name());
            topic.partitionIndexes()
                    .forEach(
                            index ->
                                    found.partitions()
                                            .add(
                                                    new OffsetFetchResponseData
                                                                    .OffsetFetchResponsePartitions()
                                                            .setPartitionIndex(index)
                                                            .setCommittedOffset(
                                                                    committed.getOrDefault(
                                                                            new TopicPartition(
                                                                                    topic.name(),
                                                                                    index),
                                                                            0L))));
            group.topics().add(found);
        }
        return new OffsetFetchResponseData().setGroups(List.of(group));
    }

    private FindCoordinatorResponseData found(FindCoordinatorRequestData find, Errors error) {
        FindCoordinatorResponseData answer = new FindCoordinatorResponseData();
        for (String key : find.coordinatorKeys()) {
            answer.coordinators()
                    .add(
                            new FindCoordinatorResponseData.Coordinator()
                                    .setKey(key)
                                    .setErrorCode(error.code())
                                    .setNodeId(coordinator)
                                    .setHost("127.0.0.1")
                                    .setPort(nodes.get(coordinator).address().getPort()));
        }
        return answer;
    }

    private MetadataResponseData metadata() {
        MetadataResponseData answer =
                new MetadataResponseData().setClusterId("c").setControllerId(0);
        for (int node = 0; node < nodes.size(); node++) {
            answer.brokers()
                    .add(
                            new MetadataResponseData.MetadataResponseBroker()
                                    .setNodeId(node)
                                    .setHost("127.0.0.1")
                                    .setPort(nodes.get(node).address().getPort()));
        }
        var topic = new MetadataResponseData.MetadataResponseTopic();
        topic.setName(TOPIC).setTopicId(TOPIC_ID);
        IntStream.range(0, partitions)
                .forEach(
                        index ->
                                topic.partitions()
                                        .add(
                                                new MetadataResponseData.MetadataResponsePartition()
                                                        .setPartitionIndex(index)
                                                        .setLeaderId(0)
                                                        .setLeaderEpoch(0)
                                                        .setReplicaNodes(List.of(0))
                                                        .setIsrNodes(List.of(0))));
        answer.topics().add(topic);
        return answer;
    }

    private static ApiVersionsResponseData versions() {
        ApiVersionsResponseData versions = new ApiVersionsResponseData();
        for (ApiKeys api : APIS) {
            versions.apiKeys()
                    .add(
                            new ApiVersionsResponseData.ApiVersion()
                                    .setApiKey(api.id)
                                    .setMinVersion(api.oldestVersion())
                                    .setMaxVersion(api.latestVersion()));
        }
        return versions;
    }
}
