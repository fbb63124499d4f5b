package io.headrace.storage.fetcher;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.storage.repair.Peers;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.nio.ByteBuffer;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Reads committed records from other replicas as a consumer does, from a follower too (KIP-392):
 * whoever answers has checked them, and gives nothing above its high watermark.
 */
final class ReplicaPeers implements Peers {
    private static final ApiSchema FETCH = ApiCatalog.get(ApiKeys.FETCH);
    private static final short VERSION = 17;
    private static final int NO_SESSION = -1;

    private final FetcherSettings settings;
    private final Loop loop;
    private final Connector channels;
    private final ChannelOptions options;
    private final NodeAuthenticator authenticator;

    /**
     * @param loop any one
     */
    ReplicaPeers(
            FetcherSettings settings,
            Loop loop,
            Connector channels,
            ChannelOptions options,
            NodeAuthenticator authenticator) {
        this.settings = settings;
        this.loop = loop;
        this.channels = channels;
        this.options = options;
        this.authenticator = authenticator;
    }

    @Override
    public boolean hasOthers(TopicIdPartition id) {
        PartitionImage image = settings.image().get().partition(id.topicId(), id.partition());
        return image != null
                && image.assignedReplicas().stream().anyMatch(node -> node != settings.nodeId());
    }

    @Override
    public CompletableFuture<ByteBuffer> read(TopicIdPartition id, long offset) {
        PartitionImage image = settings.image().get().partition(id.topicId(), id.partition());
        CompletableFuture<ByteBuffer> found = new CompletableFuture<>();
        if (image == null) {
            found.completeExceptionally(new IllegalStateException(id + " is not known any more"));
            return found;
        }
        Set<Integer> nodes = new LinkedHashSet<>();
        if (image.leaderId() >= 0) {
            nodes.add(image.leaderId());
        }
        image.isr().forEach(member -> nodes.add(member.nodeId()));
        nodes.addAll(image.assignedReplicas());
        nodes.remove(settings.nodeId());
        loop.run(() -> ask(id, offset, image.leaderEpoch(), List.copyOf(nodes), found));
        return found;
    }

    private void ask(
            TopicIdPartition id,
            long offset,
            int leaderEpoch,
            List<Integer> nodes,
            CompletableFuture<ByteBuffer> found) {
        if (nodes.isEmpty()) {
            found.completeExceptionally(
                    new IllegalStateException("No other replica gave offset " + offset));
            return;
        }
        LeaderLink link =
                new LeaderLink(
                        nodes.getFirst(), settings.image(), channels, options, authenticator);
        link.channel()
                .thenCompose(
                        channel ->
                                channel.call(
                                        FETCH,
                                        VERSION,
                                        request(id, offset, leaderEpoch),
                                        FetchResponseData.class,
                                        settings.answerWithin()))
                .whenComplete(
                        (answer, failure) ->
                                loop.execute(
                                        () -> {
                                            ByteBuffer records =
                                                    failure == null ? recordsOf(answer) : null;
                                            link.reset();
                                            if (records != null) {
                                                found.complete(records);
                                            } else {
                                                ask(
                                                        id,
                                                        offset,
                                                        leaderEpoch,
                                                        nodes.subList(1, nodes.size()),
                                                        found);
                                            }
                                        }));
    }

    private FetchRequestData request(TopicIdPartition id, long offset, int leaderEpoch) {
        FetchPartition partition =
                new FetchPartition()
                        .setPartition(id.partition())
                        .setCurrentLeaderEpoch(leaderEpoch)
                        .setFetchOffset(offset)
                        .setPartitionMaxBytes(settings.maxPartitionBytes());
        return new FetchRequestData()
                .setMaxWaitMs((int) settings.maxWait().toMillis())
                .setMinBytes(1)
                .setMaxBytes(settings.maxPartitionBytes())
                .setSessionEpoch(NO_SESSION)
                .setTopics(
                        List.of(
                                new FetchTopic()
                                        .setTopicId(id.topicId())
                                        .setPartitions(List.of(partition))));
    }

    private static @org.jspecify.annotations.Nullable ByteBuffer recordsOf(
            FetchResponseData answer) {
        for (FetchResponseData.FetchableTopicResponse topic : answer.responses()) {
            for (PartitionData data : topic.partitions()) {
                ByteBuffer records = RecordsField.bytes(data.records());
                if (data.errorCode() == Errors.NONE.code()
                        && records != null
                        && records.hasRemaining()) {
                    return records;
                }
            }
        }
        return null;
    }
}
