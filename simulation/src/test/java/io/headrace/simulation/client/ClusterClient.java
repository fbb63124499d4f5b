package io.headrace.simulation.client;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** What every simulated client does: find leaders, ask nodes. Confined to its loop. */
final class ClusterClient {
    static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final short METADATA_VERSION = 12;

    private final Host host;
    private final Loop loop;
    private final Connector connector;
    private final List<String> nodes;
    private final ChannelOptions options;
    private final Map<String, CompletableFuture<ClientChannel>> channels = new HashMap<>();
    private final Map<TopicPartition, String> leaders = new HashMap<>();
    private final Map<String, Uuid> topicIds = new HashMap<>();
    private @Nullable CompletableFuture<Void> refreshing;

    ClusterClient(Host host, Wire wire, List<String> nodes) {
        this.host = host;
        Loops loops = host.loops(1);
        this.loop = loops.at(0);
        this.connector = wire.connectorOf(host, loops);
        this.nodes = nodes;
        this.options = new ChannelOptions(host.name(), Duration.ofSeconds(1), PATIENCE, 64 << 20);
    }

    Host host() {
        return host;
    }

    Loop loop() {
        return loop;
    }

    String anyNode() {
        return nodes.get(host.world().random().nextInt(nodes.size()));
    }

    /** The leader as far as is known, or null. */
    @Nullable String leaderOf(TopicPartition partition) {
        return leaders.get(partition);
    }

    /** The topic's id as far as is known, or null. */
    @Nullable Uuid topicIdOf(String topic) {
        return topicIds.get(topic);
    }

    /** Asks a node; a failure gives the connection up. */
    <T extends ApiMessage> CompletableFuture<T> ask(
            String node, ApiKeys api, int version, ApiMessage body, Class<T> response) {
        CompletableFuture<ClientChannel> known = channels.get(node);
        if (known == null
                || known.isCompletedExceptionally()
                || (known.isDone() && !known.join().isOpen())) {
            known = connector.connect(InetSocketAddress.createUnresolved(node, 9092), options);
            channels.put(node, known);
        }
        CompletableFuture<ClientChannel> used = known;
        return used.thenCompose(
                        channel ->
                                channel.call(ApiCatalog.get(api), (short) version, body, response))
                .whenComplete(
                        (answer, failure) -> {
                            if (failure != null && channels.remove(node, used)) {
                                used.thenAccept(ClientChannel::close);
                            }
                        });
    }

    /** Learns the leaders anew, from any node. */
    CompletableFuture<Void> refresh() {
        CompletableFuture<Void> running = refreshing;
        if (running != null && !running.isDone()) {
            return running;
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        refreshing = done;
        ask(
                        anyNode(),
                        ApiKeys.METADATA,
                        METADATA_VERSION,
                        new MetadataRequestData().setTopics(null).setAllowAutoTopicCreation(false),
                        MetadataResponseData.class)
                .whenComplete(
                        (answer, failure) -> {
                            if (failure == null) {
                                onMetadata(answer);
                            }
                            done.complete(null);
                        });
        return done;
    }

    private void onMetadata(MetadataResponseData answer) {
        Map<Integer, String> byId = new HashMap<>();
        answer.brokers().forEach(broker -> byId.put(broker.nodeId(), broker.host()));
        for (var topic : answer.topics()) {
            topicIds.put(topic.name(), topic.topicId());
            for (var partition : topic.partitions()) {
                String leader = byId.get(partition.leaderId());
                TopicPartition key = new TopicPartition(topic.name(), partition.partitionIndex());
                if (leader == null) {
                    leaders.remove(key);
                } else {
                    leaders.put(key, leader);
                }
            }
        }
    }

    /** Runs on the loop; what fails there is not lost in a future. */
    void run(Runnable action) {
        loop.run(
                () -> {
                    try {
                        action.run();
                    } catch (AssertionError | RuntimeException e) {
                        host.world().fail(e);
                    }
                });
    }

    /** Goes on after a pause and with newer metadata. */
    void retry(Runnable action) {
        loop.schedule(
                () -> refresh().whenComplete((done, failure) -> run(action)),
                host.world().between(10, 100));
    }
}
