package io.headrace.storage;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ErrorResponses;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.message.AuthenticateNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeResponseData;
import io.headrace.protocol.message.ReportSlowDisksRequestData;
import io.headrace.protocol.message.ReportSlowDisksResponseData;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.ClusterRecord;
import io.headrace.protocol.metadata.record.ConfigRecord;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.RemoveTopicRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;
import io.headrace.protocol.metadata.record.TopicRecord;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeHandshake;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.server.ConnectionHandler;
import io.headrace.transport.server.FrameServer;
import io.headrace.transport.server.InboundRequest;
import io.headrace.transport.server.ServerConnection;
import io.headrace.transport.server.ServerOptions;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AllocateProducerIdsResponseData;
import org.apache.kafka.common.message.AssignReplicasToDirsRequestData;
import org.apache.kafka.common.message.AssignReplicasToDirsResponseData;
import org.apache.kafka.common.message.BrokerHeartbeatRequestData;
import org.apache.kafka.common.message.BrokerHeartbeatResponseData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.ReadShareGroupStateRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.WriteShareGroupStateRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A coordinator for tests of the storage node alone: speaks the real frames, keeps the metadata log
 * in memory, and elects whoever registers at once. All state is confined to its one loop.
 */
final class FakeCoordinator implements AutoCloseable {
    static final String SECRET = "a secret for tests only";
    static final String CLUSTER = "zI3PMqC0QH2bKb3jGZ2Wbg";
    private static final int ID = 1001;

    private final LoopGroup loops = LoopGroup.start("fake-coordinator", 1);
    private final List<ApiMessage> log = new ArrayList<>();
    private final List<Runnable> waiting = new ArrayList<>();
    private final FakeShareGroups shareGroups = new FakeShareGroups(-1);
    private final FrameServer server;
    private MetadataImage image = MetadataImage.EMPTY;
    private long nextProducerId;
    private volatile boolean refusing;
    private int restoredSize = Integer.MAX_VALUE;
    private volatile boolean toldRegressed;
    private final Set<Uuid> offlineLogDirs = ConcurrentHashMap.newKeySet();
    private final Set<Uuid> slowLogDirs = ConcurrentHashMap.newKeySet();
    private final Map<Uuid, Integer> placedReplicas = new ConcurrentHashMap<>();

    FakeCoordinator() {
        server =
                FrameServer.start(
                        ServerOptions.at("127.0.0.1", 0),
                        loops,
                        connection -> new Link(connection));
        CoordinatorRecord own =
                new CoordinatorRecord()
                        .setCoordinatorId(ID)
                        .setIncarnationId(Uuid.randomUuid())
                        .setHost("127.0.0.1")
                        .setPort(server.address().getPort());
        for (ApiKeys api :
                List.of(
                        ApiKeys.CREATE_TOPICS,
                        ApiKeys.DELETE_TOPICS,
                        ApiKeys.INIT_PRODUCER_ID,
                        ApiKeys.SHARE_GROUP_HEARTBEAT)) {
            own.apis()
                    .add(
                            new CoordinatorRecord.CoordinatorApi()
                                    .setApiKey(api.id)
                                    .setMinVersion(api.oldestVersion())
                                    .setMaxVersion(api.latestVersion()));
        }
        loops.at(0)
                .execute(
                        () ->
                                append(
                                        List.of(
                                                new ClusterRecord().setClusterId(CLUSTER),
                                                new TakeOverRecord()
                                                        .setControllerId(ID)
                                                        .setControllerEpoch(1)
                                                        .setTakeOverId(Uuid.randomUuid()),
                                                own)));
    }

    int port() {
        return server.address().getPort();
    }

    /** From now on forwarded requests are decoded and refused; nothing changes any more. */
    void refuseForwarded() {
        refusing = true;
    }

    /** Creates a topic as an administrator would. */
    void createTopic(String name, int partitions, Map<String, String> configs) {
        CompletableFuture.runAsync(() -> create(name, partitions, configs), loops.at(0)).join();
    }

    /** Sets a group's config as an administrator would. */
    void setGroupConfig(String group, String name, String value) {
        set(new ConfigResourceKey(ConfigResourceKey.GROUP, group), name, value);
    }

    /** How many metadata records there are. */
    int size() {
        return CompletableFuture.supplyAsync(log::size, loops.at(0)).join();
    }

    /** Forgets what came after a backup, as a database restored from it does. */
    void restore(int backupSize) {
        Runnable restoring =
                () -> {
                    log.subList(backupSize, log.size()).clear();
                    image = MetadataImage.EMPTY.applyAll(log, log.size());
                    restoredSize = backupSize;
                    List<Runnable> woken = List.copyOf(waiting);
                    waiting.clear();
                    woken.forEach(Runnable::run);
                };
        CompletableFuture.runAsync(restoring, loops.at(0)).join();
    }

    /** Whether a node was told that the metadata has lost what it applied. */
    boolean hasToldRegressed() {
        return toldRegressed;
    }

    /** Elects the leaders of a topic's partitions anew. */
    void elect(String topic, int leaderEpoch) {
        Runnable electing =
                () -> {
                    TopicImage known = image.topic(topic);
                    if (known != null) {
                        known.partitions()
                                .keySet()
                                .forEach(
                                        index ->
                                                append(
                                                        List.of(
                                                                elected(
                                                                        known.topicId(),
                                                                        index,
                                                                        leaderEpoch))));
                    }
                };
        CompletableFuture.runAsync(electing, loops.at(0)).join();
    }

    /** The log directories that a node said have failed. */
    Set<Uuid> offlineLogDirs() {
        return Set.copyOf(offlineLogDirs);
    }

    /** The log directories that a node said are slow. */
    Set<Uuid> slowLogDirs() {
        return Set.copyOf(slowLogDirs);
    }

    /** The log directories that a node said replicas lie in, with how many. */
    Map<Uuid, Integer> placedReplicas() {
        return Map.copyOf(placedReplicas);
    }

    /** Sets a config of all nodes as an administrator would. */
    void setNodeConfig(String name, String value) {
        set(new ConfigResourceKey(ConfigResourceKey.BROKER, ""), name, value);
    }

    private void set(ConfigResourceKey resource, String name, String value) {
        List<ConfigRecord> records = List.of(FakeMetadata.config(resource, name, value));
        CompletableFuture.runAsync(() -> append(records), loops.at(0)).join();
    }

    private void append(List<? extends ApiMessage> records) {
        for (ApiMessage record : records) {
            image = image.apply(log.size(), record);
            log.add(record);
        }
        List<Runnable> woken = List.copyOf(waiting);
        waiting.clear();
        woken.forEach(Runnable::run);
    }

    private Uuid create(String name, int partitions, Map<String, String> configs) {
        Uuid topicId = Uuid.randomUuid();
        List<ApiMessage> records = new ArrayList<>();
        records.add(
                new TopicRecord()
                        .setName(name)
                        .setTopicId(topicId)
                        .setInternal(name.startsWith("__")));
        configs.forEach(
                (key, value) ->
                        records.add(
                                FakeMetadata.config(ConfigResourceKey.topic(name), key, value)));
        for (int i = 0; i < partitions; i++) {
            records.add(elected(topicId, i, 0));
        }
        append(records);
        return topicId;
    }

    private PartitionRecord elected(Uuid topicId, int partition, int leaderEpoch) {
        NodeImage node = image.nodes().values().iterator().next();
        int nodeId = node.nodeId();
        long nodeEpoch = node.nodeEpoch();
        return new PartitionRecord()
                .setTopicId(topicId)
                .setPartitionId(partition)
                .setReplicas(List.of(nodeId))
                .setIsr(
                        List.of(
                                new PartitionRecord.IsrMember()
                                        .setNodeId(nodeId)
                                        .setNodeEpoch(nodeEpoch)))
                .setLeader(nodeId)
                .setLeaderNodeEpoch(nodeEpoch)
                .setLeaderEpoch(leaderEpoch)
                .setPartitionEpoch(leaderEpoch);
    }

    @Override
    public void close() {
        server.close();
        loops.close();
    }

    /** One storage node's connection. */
    private final class Link implements ConnectionHandler {
        private final NodeHandshake handshake = new NodeHandshake(ClusterSecret.of(SECRET));

        Link(ServerConnection connection) {
            assert connection.loop().inLoop();
            connection.answerInAnyOrder();
        }

        @Override
        public void onRequest(InboundRequest inbound) {
            try {
                RequestHead head = RequestHead.read(inbound.frame());
                ApiMessage body = head.readBody(inbound.frame());
                if (handshake.peer() == null && head.api().key() != ApiCatalog.AUTHENTICATE_NODE) {
                    inbound.fail("Not authenticated");
                    return;
                }
                serve(inbound, head, body);
            } catch (MalformedFrameException e) {
                inbound.fail(String.valueOf(e.getMessage()));
            }
        }

        private void serve(InboundRequest inbound, RequestHead head, ApiMessage body)
                throws MalformedFrameException {
            switch (body) {
                case AuthenticateNodeRequestData request ->
                        reply(inbound, head, handshake.onRequest(request));
                case RegisterNodeRequestData request -> reply(inbound, head, register(request));
                case FetchRequestData request -> fetch(inbound, head, request, false);
                case BrokerHeartbeatRequestData request -> {
                    offlineLogDirs.addAll(request.offlineLogDirs());
                    reply(inbound, head, new BrokerHeartbeatResponseData().setIsFenced(false));
                }
                case ReportSlowDisksRequestData request -> {
                    slowLogDirs.addAll(request.logDirs());
                    reply(inbound, head, new ReportSlowDisksResponseData());
                }
                case AssignReplicasToDirsRequestData request -> {
                    request.directories()
                            .forEach(
                                    each ->
                                            placedReplicas.merge(
                                                    each.id(),
                                                    each.topics().stream()
                                                            .mapToInt(t -> t.partitions().size())
                                                            .sum(),
                                                    Math::max));
                    reply(inbound, head, new AssignReplicasToDirsResponseData());
                }
                case EnvelopeRequestData request ->
                        reply(inbound, head, forwarded(ByteBuffer.wrap(bytes(request))));
                default -> {
                    nextProducerId += 1000;
                    reply(
                            inbound,
                            head,
                            new AllocateProducerIdsResponseData()
                                    .setProducerIdStart(nextProducerId - 1000)
                                    .setProducerIdLen(1000));
                }
            }
        }

        private static byte[] bytes(EnvelopeRequestData request) {
            byte[] copy = new byte[request.requestData().remaining()];
            request.requestData().get(copy);
            return copy;
        }

        private static void reply(InboundRequest inbound, RequestHead head, ApiMessage body) {
            inbound.reply(MessageWriter.response(head, body));
        }

        private RegisterNodeResponseData register(RegisterNodeRequestData request) {
            if (request.clusterId() != null && !request.clusterId().equals(CLUSTER)) {
                return new RegisterNodeResponseData()
                        .setErrorCode(Errors.INCONSISTENT_CLUSTER_ID.code())
                        .setErrorMessage("The disks belong to cluster " + request.clusterId());
            }
            NodeRecord node = FakeMetadata.node(request, log.size());
            append(List.of(node));
            List<ApiMessage> elections = new ArrayList<>();
            for (TopicImage topic : image.topicsById().values()) {
                topic.partitions()
                        .forEach(
                                (index, partition) ->
                                        elections.add(
                                                elected(
                                                        topic.topicId(),
                                                        index,
                                                        partition.leaderEpoch() + 1)));
            }
            append(elections);
            return new RegisterNodeResponseData()
                    .setClusterId(CLUSTER)
                    .setNodeEpoch(node.nodeEpoch())
                    .setControllerEpoch(1)
                    .setControllerId(ID)
                    .setSessionTimeoutMs(9000);
        }

        private void fetch(
                InboundRequest inbound, RequestHead head, FetchRequestData request, boolean again) {
            long offset = request.topics().getFirst().partitions().getFirst().fetchOffset();
            boolean hasLostIt = offset > restoredSize;
            if (!hasLostIt) {
                restoredSize = Integer.MAX_VALUE; // a node that begins anew
            }
            if (offset >= log.size() && !again && !hasLostIt && request.maxWaitMs() > 0) {
                Runnable wake = () -> fetch(inbound, head, request, true);
                waiting.add(wake);
                loops.at(0)
                        .schedule(
                                () -> {
                                    if (waiting.remove(wake)) {
                                        wake.run();
                                    }
                                },
                                request.maxWaitMs());
                return;
            }
            FetchResponseData.PartitionData data =
                    FakeMetadata.from(log, hasLostIt ? log.size() : offset);
            if (hasLostIt) {
                toldRegressed = true;
                data.setDivergingEpoch(
                        new FetchResponseData.EpochEndOffset()
                                .setEpoch(1)
                                .setEndOffset(restoredSize));
            }
            reply(inbound, head, FakeMetadata.answer(data));
        }

        private EnvelopeResponseData forwarded(ByteBuffer frame) throws MalformedFrameException {
            RequestHead head = RequestHead.read(frame);
            if (refusing) {
                return refused(head, frame);
            }
            ApiMessage answer =
                    switch (head.readBody(frame)) {
                        case CreateTopicsRequestData request -> createTopics(request);
                        case DeleteTopicsRequestData request -> deleteTopics(request);
                        case ShareGroupHeartbeatRequestData request ->
                                shareGroups.heartbeat(request, image);
                        case ReadShareGroupStateRequestData request -> shareGroups.read(request);
                        case WriteShareGroupStateRequestData request -> shareGroups.write(request);
                        default -> throw new MalformedFrameException("Not served in this test");
                    };
            return FakeShareGroups.answered(head, answer);
        }

        private static EnvelopeResponseData refused(RequestHead head, ByteBuffer body)
                throws MalformedFrameException {
            ApiMessage answer =
                    ErrorResponses.of(head, body, Errors.POLICY_VIOLATION, "Refused in this test");
            return answer == null
                    ? new EnvelopeResponseData().setErrorCode(Errors.POLICY_VIOLATION.code())
                    : FakeShareGroups.answered(head, answer);
        }

        private CreateTopicsResponseData createTopics(CreateTopicsRequestData request) {
            CreateTopicsResponseData response = new CreateTopicsResponseData();
            for (var topic : request.topics()) {
                if (image.topic(topic.name()) != null) {
                    response.topics()
                            .add(
                                    new CreateTopicsResponseData.CreatableTopicResult()
                                            .setName(topic.name())
                                            .setErrorCode(Errors.TOPIC_ALREADY_EXISTS.code()));
                    continue;
                }
                int partitions = Math.max(1, topic.numPartitions());
                Uuid topicId = create(topic.name(), partitions, Map.of());
                response.topics()
                        .add(
                                new CreateTopicsResponseData.CreatableTopicResult()
                                        .setName(topic.name())
                                        .setTopicId(topicId)
                                        .setNumPartitions(partitions)
                                        .setReplicationFactor((short) 1));
            }
            return response;
        }

        private DeleteTopicsResponseData deleteTopics(DeleteTopicsRequestData request) {
            DeleteTopicsResponseData response = new DeleteTopicsResponseData();
            for (var state : request.topics()) {
                TopicImage topic =
                        state.name() == null
                                ? image.topic(state.topicId())
                                : image.topic(state.name());
                if (topic != null) {
                    append(List.of(new RemoveTopicRecord().setTopicId(topic.topicId())));
                    response.responses()
                            .add(
                                    new DeleteTopicsResponseData.DeletableTopicResult()
                                            .setName(topic.name())
                                            .setTopicId(topic.topicId()));
                }
            }
            return response;
        }
    }
}
