package io.headrace.storage;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.message.AuthenticateNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeResponseData;
import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.ClusterRecord;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;
import io.headrace.protocol.metadata.record.TopicRecord;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeHandshake;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.server.ConnectionHandler;
import io.headrace.transport.server.FrameServer;
import io.headrace.transport.server.InboundRequest;
import io.headrace.transport.server.ServerOptions;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AllocateProducerIdsResponseData;
import org.apache.kafka.common.message.AlterPartitionRequestData;
import org.apache.kafka.common.message.AlterPartitionResponseData;
import org.apache.kafka.common.message.BrokerHeartbeatRequestData;
import org.apache.kafka.common.message.BrokerHeartbeatResponseData;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * A controller of several storage nodes for tests: real frames, the metadata log in memory, rules
 * as Kafka's controller has them. Who is dead it is told, not finds out. Confined to one loop.
 */
final class FakeController implements AutoCloseable {
    static final String SECRET = "a secret for tests only";
    static final String CLUSTER = "zI3PMqC0QH2bKb3jGZ2Wbg";
    private static final int ID = 1001;

    private final LoopGroup loops = LoopGroup.start("fake-controller", 1);
    private final List<ApiMessage> log = new ArrayList<>();
    private final List<Runnable> waiting = new ArrayList<>();
    private final Set<Integer> cutOff = ConcurrentHashMap.newKeySet();
    private final Set<Integer> shuttingDown = new HashSet<>();
    private final FakeShareGroups shares = new FakeShareGroups(0);
    private final FrameServer server;
    private volatile MetadataImage image = MetadataImage.EMPTY;
    private long nextProducerId;
    private volatile boolean refusingIsr;
    private volatile long answerLeaversAfterMs;
    private final AtomicInteger leaversProposed = new AtomicInteger();

    FakeController() {
        server =
                FrameServer.start(
                        ServerOptions.at("127.0.0.1", 0), loops, connection -> new Link());
        CoordinatorRecord own =
                new CoordinatorRecord()
                        .setCoordinatorId(ID)
                        .setIncarnationId(Uuid.randomUuid())
                        .setHost("127.0.0.1")
                        .setPort(server.address().getPort());
        own.apis().addAll(FakeShareGroups.apis(ApiKeys.INIT_PRODUCER_ID));
        onLoop(
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

    MetadataImage image() {
        return image;
    }

    PartitionImage partition(String topic, int index) {
        TopicImage known = image.topic(topic);
        PartitionImage found = known == null ? null : known.partition(index);
        if (found == null) {
            throw new IllegalStateException("No partition " + topic + "-" + index);
        }
        return found;
    }

    void cutOff(int nodeId) {
        cutOff.add(nodeId);
    }

    void letIn(int nodeId) {
        cutOff.remove(nodeId);
        onLoop(
                () -> {
                    NodeImage node = image.nodes().get(nodeId);
                    append(node == null ? List.of() : List.of(record(node).setFenced(false)));
                });
    }

    void refuseIsr(boolean refuse) {
        refusingIsr = refuse;
    }

    /** Nodes that want to stop are out of every set at once, and are told so later. */
    void answerLeaversAfter(long delayMs) {
        answerLeaversAfterMs = delayMs;
    }

    /** How often a node that stops was proposed for an in-sync set. */
    int leaversProposed() {
        return leaversProposed.get();
    }

    private void onLoop(Runnable task) {
        CompletableFuture.runAsync(task, loops.at(0)).join();
    }

    /** Creates a topic whose partitions are led by their first replicas. */
    void createTopic(
            String name, List<List<Integer>> replicas, int minInSync, Map<String, String> configs) {
        onLoop(
                () -> {
                    Uuid topicId = Uuid.randomUuid();
                    List<ApiMessage> records = new ArrayList<>();
                    records.add(new TopicRecord().setName(name).setTopicId(topicId));
                    ConfigResourceKey resource = ConfigResourceKey.topic(name);
                    configs.forEach(
                            (key, value) -> records.add(FakeMetadata.config(resource, key, value)));
                    for (int i = 0; i < replicas.size(); i++) {
                        PartitionRecord partition =
                                new PartitionRecord()
                                        .setTopicId(topicId)
                                        .setPartitionId(i)
                                        .setReplicas(replicas.get(i))
                                        .setMinInSyncReplicas(minInSync)
                                        .setIsr(members(replicas.get(i)));
                        records.add(lead(partition, replicas.get(i).getFirst()));
                    }
                    append(records);
                });
    }

    private List<PartitionRecord.IsrMember> members(List<Integer> nodes) {
        List<PartitionRecord.IsrMember> members = new ArrayList<>();
        for (int node : nodes) {
            NodeImage known = image.nodes().get(node);
            if (known != null && !known.fenced()) {
                members.add(member(node, known.nodeEpoch()));
            }
        }
        return members;
    }

    private static PartitionRecord.IsrMember member(int node, long nodeEpoch) {
        return new PartitionRecord.IsrMember().setNodeId(node).setNodeEpoch(nodeEpoch);
    }

    private AllocateProducerIdsResponseData nextProducerIds() {
        nextProducerId += 1000;
        return new AllocateProducerIdsResponseData()
                .setProducerIdStart(nextProducerId - 1000)
                .setProducerIdLen(1000);
    }

    private PartitionRecord lead(PartitionRecord partition, int node) {
        NodeImage known = image.nodes().get(node);
        return partition
                .setLeader(known == null ? -1 : node)
                .setLeaderNodeEpoch(known == null ? -1 : known.nodeEpoch());
    }

    /** Changes one partition's record; the partition epoch is raised. */
    void change(String topic, int index, Function<PartitionRecord, PartitionRecord> change) {
        onLoop(
                () -> {
                    TopicImage known = image.topic(topic);
                    if (known != null) {
                        PartitionRecord before = partition(topic, index).toRecord(known.topicId());
                        append(List.of(change.apply(raise(before))));
                    }
                });
    }

    void elect(String topic, int index, int node) {
        change(topic, index, record -> lead(record.setLeaderEpoch(record.leaderEpoch() + 1), node));
    }

    /** Sets a config of one node. */
    void setNodeConfig(int nodeId, String name, String value) {
        ConfigResourceKey node =
                new ConfigResourceKey(ConfigResourceKey.BROKER, Integer.toString(nodeId));
        onLoop(() -> append(List.of(FakeMetadata.config(node, name, value))));
    }

    private static PartitionRecord raise(PartitionRecord record) {
        return record.setPartitionEpoch(record.partitionEpoch() + 1);
    }

    /** The node is dead: it leaves the in-sync sets, and others lead what it led. */
    void fence(int nodeId) {
        onLoop(
                () -> {
                    NodeImage node = image.nodes().get(nodeId);
                    if (node != null) {
                        append(List.of(record(node).setFenced(true)));
                        append(without(nodeId, Map.of()));
                    }
                });
    }

    private static NodeRecord record(NodeImage node) {
        NodeRecord record =
                new NodeRecord()
                        .setNodeId(node.nodeId())
                        .setIncarnationId(node.incarnationId())
                        .setNodeEpoch(node.nodeEpoch())
                        .setFenced(node.fenced())
                        .setRack(node.rack())
                        .setLogDirs(node.logDirs());
        node.endpoints()
                .forEach(
                        endpoint ->
                                record.endpoints()
                                        .add(
                                                new NodeRecord.EndpointRecord()
                                                        .setName(endpoint.name())
                                                        .setHost(endpoint.host())
                                                        .setPort(endpoint.port())));
        return record;
    }

    /** What changes when a node's incarnation leaves every in-sync set. */
    private List<ApiMessage> without(int nodeId, Map<Uuid, List<Integer>> unclean) {
        List<ApiMessage> changes = new ArrayList<>();
        for (TopicImage topic : image.topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                boolean inSync = partition.isr().stream().anyMatch(m -> m.nodeId() == nodeId);
                boolean bad =
                        unclean.getOrDefault(topic.topicId(), List.of())
                                .contains(partition.partition());
                PartitionRecord record = raise(partition.toRecord(topic.topicId()));
                record.isr().removeIf(m -> m.nodeId() == nodeId);
                List<Integer> eligible = new ArrayList<>(partition.eligibleLeaderReplicas());
                if (inSync && record.isr().size() < partition.minInSyncReplicas()) {
                    eligible.add(nodeId);
                }
                if (bad) {
                    eligible.removeIf(id -> id == nodeId);
                }
                record.setEligibleLeaderReplicas(eligible);
                if (partition.leaderId() == nodeId) {
                    int next = record.isr().isEmpty() ? -1 : record.isr().getFirst().nodeId();
                    lead(record.setLeaderEpoch(record.leaderEpoch() + 1), next);
                }
                if (inSync || bad || partition.leaderId() == nodeId) {
                    changes.add(record);
                }
            }
        }
        return changes;
    }

    /** Partitions without a leader get the node that came back, if it is eligible. */
    private List<ApiMessage> electReturned(int nodeId) {
        List<ApiMessage> changes = new ArrayList<>();
        for (TopicImage topic : image.topicsById().values()) {
            for (PartitionImage partition : topic.partitions().values()) {
                if (partition.leaderId() < 0
                        && partition.eligibleLeaderReplicas().contains(nodeId)) {
                    PartitionRecord record = raise(partition.toRecord(topic.topicId()));
                    List<Integer> eligible = new ArrayList<>(partition.eligibleLeaderReplicas());
                    eligible.removeIf(id -> id == nodeId);
                    record.setEligibleLeaderReplicas(eligible);
                    record.setIsr(new ArrayList<>(members(List.of(nodeId))));
                    changes.add(lead(record.setLeaderEpoch(record.leaderEpoch() + 1), nodeId));
                }
            }
        }
        return changes;
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

    @Override
    public void close() {
        server.close();
        loops.close();
    }

    private final class Link implements ConnectionHandler {
        private final NodeHandshake handshake = new NodeHandshake(ClusterSecret.of(SECRET));

        @Override
        public void onRequest(InboundRequest inbound) {
            try {
                RequestHead head = RequestHead.read(inbound.frame());
                ApiMessage body = head.readBody(inbound.frame());
                NodeHandshake.Peer peer = handshake.peer();
                if (head.api().key() == ApiCatalog.AUTHENTICATE_NODE) {
                    reply(inbound, head, handshake.onRequest((AuthenticateNodeRequestData) body));
                } else if (peer == null || cutOff.contains(peer.nodeId())) {
                    inbound.fail("Not heard");
                } else {
                    serve(peer.nodeId(), inbound, head, body);
                }
            } catch (MalformedFrameException e) {
                inbound.fail(String.valueOf(e.getMessage()));
            }
        }

        private void serve(int nodeId, InboundRequest inbound, RequestHead head, ApiMessage body)
                throws MalformedFrameException {
            switch (body) {
                case RegisterNodeRequestData request -> reply(inbound, head, register(request));
                case FetchRequestData request -> fetch(nodeId, inbound, head, request, false);
                case AlterPartitionRequestData request -> reply(inbound, head, alter(request));
                case BrokerHeartbeatRequestData request -> {
                    BrokerHeartbeatResponseData answer = heartbeat(request);
                    loops.at(0).schedule(() -> reply(inbound, head, answer), answerLeaversAfterMs);
                }
                case EnvelopeRequestData asked -> reply(inbound, head, shares.answer(asked, image));
                default -> reply(inbound, head, nextProducerIds());
            }
        }

        private static void reply(InboundRequest inbound, RequestHead head, ApiMessage body) {
            inbound.reply(MessageWriter.response(head, body));
        }

        private RegisterNodeResponseData register(RegisterNodeRequestData request) {
            Map<Uuid, List<Integer>> unclean = new HashMap<>();
            request.uncleanPartitions()
                    .forEach(topic -> unclean.put(topic.topicId(), topic.partitions()));
            shuttingDown.remove(request.nodeId());
            append(without(request.nodeId(), unclean));
            NodeRecord node = FakeMetadata.node(request, log.size());
            append(List.of(node));
            append(electReturned(request.nodeId()));
            return new RegisterNodeResponseData()
                    .setClusterId(CLUSTER)
                    .setNodeEpoch(node.nodeEpoch())
                    .setControllerEpoch(1)
                    .setControllerId(ID)
                    .setSessionTimeoutMs(9000);
        }

        private void fetch(
                int nodeId,
                InboundRequest inbound,
                RequestHead head,
                FetchRequestData request,
                boolean again) {
            if (cutOff.contains(nodeId)) {
                inbound.fail("Not heard");
                return;
            }
            long offset = request.topics().getFirst().partitions().getFirst().fetchOffset();
            if (offset >= log.size() && !again && request.maxWaitMs() > 0) {
                Runnable wake = () -> fetch(nodeId, inbound, head, request, true);
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
            reply(inbound, head, FakeMetadata.answer(FakeMetadata.from(log, offset)));
        }

        private BrokerHeartbeatResponseData heartbeat(BrokerHeartbeatRequestData request) {
            if (request.wantShutDown() && shuttingDown.add(request.brokerId())) {
                append(without(request.brokerId(), Map.of()));
            }
            boolean leadsNothing =
                    image.topicsById().values().stream()
                            .flatMap(topic -> topic.partitions().values().stream())
                            .noneMatch(partition -> partition.leaderId() == request.brokerId());
            return new BrokerHeartbeatResponseData()
                    .setIsFenced(false)
                    .setShouldShutDown(request.wantShutDown() && leadsNothing);
        }

        private AlterPartitionResponseData alter(AlterPartitionRequestData request) {
            AlterPartitionResponseData response = new AlterPartitionResponseData();
            for (var topic : request.topics()) {
                var answers = new ArrayList<AlterPartitionResponseData.PartitionData>();
                for (var asked : topic.partitions()) {
                    answers.add(alter(request, topic.topicId(), asked));
                }
                response.topics()
                        .add(
                                new AlterPartitionResponseData.TopicData()
                                        .setTopicId(topic.topicId())
                                        .setPartitions(answers));
            }
            return response;
        }

        private AlterPartitionResponseData.PartitionData alter(
                AlterPartitionRequestData request,
                Uuid topicId,
                AlterPartitionRequestData.PartitionData asked) {
            var answer =
                    new AlterPartitionResponseData.PartitionData()
                            .setPartitionIndex(asked.partitionIndex());
            PartitionImage known = image.partition(topicId, asked.partitionIndex());
            if (known == null) {
                return answer.setErrorCode(Errors.UNKNOWN_TOPIC_ID.code());
            }
            if (known.leaderEpoch() != asked.leaderEpoch()
                    || known.leaderId() != request.brokerId()
                    || known.leaderNodeEpoch() != request.brokerEpoch()) {
                return answer.setErrorCode(Errors.FENCED_LEADER_EPOCH.code());
            }
            if (known.partitionEpoch() != asked.partitionEpoch()) {
                return answer.setErrorCode(Errors.INVALID_UPDATE_VERSION.code());
            }
            List<PartitionRecord.IsrMember> isr = new ArrayList<>();
            for (var member : asked.newIsrWithEpochs()) {
                if (shuttingDown.contains(member.brokerId())) {
                    leaversProposed.incrementAndGet();
                }
                if (refusingIsr
                        || shuttingDown.contains(member.brokerId())
                        || !image.isActive(member.brokerId(), member.brokerEpoch())) {
                    return answer.setErrorCode(Errors.INELIGIBLE_REPLICA.code());
                }
                isr.add(member(member.brokerId(), member.brokerEpoch()));
            }
            PartitionRecord record = raise(known.toRecord(topicId)).setIsr(isr);
            if (isr.size() >= known.minInSyncReplicas()) {
                record.setEligibleLeaderReplicas(List.of());
            }
            append(List.of(record));
            return answer.setLeaderId(known.leaderId())
                    .setLeaderEpoch(known.leaderEpoch())
                    .setPartitionEpoch(record.partitionEpoch())
                    .setIsr(isr.stream().map(PartitionRecord.IsrMember::nodeId).toList());
        }
    }
}
