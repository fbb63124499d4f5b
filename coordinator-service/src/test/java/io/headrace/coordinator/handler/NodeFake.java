package io.headrace.coordinator.handler;

import io.headrace.protocol.batch.StoredRecord;
import io.headrace.protocol.batch.read.BatchVisibility;
import io.headrace.protocol.batch.read.FetchedRecords;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.codec.ResponseReader;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData.NodeEndpoint;
import io.headrace.protocol.message.RegisterNodeResponseData;
import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.MetadataRecords;
import io.headrace.transport.channel.ClientChannel;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.DefaultPrincipalData;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchRequestData.FetchPartition;
import org.apache.kafka.common.message.FetchRequestData.FetchTopic;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A storage node as the coordinator sees it: registers, follows the log, forwards. */
final class NodeFake implements AutoCloseable {
    private static final short FETCH_VERSION = 17;

    private final int nodeId;
    private final ClientChannel link;
    private final Uuid incarnationId = Uuid.randomUuid();
    private Uuid logDir;
    private volatile MetadataImage image = MetadataImage.EMPTY;
    private volatile long nodeEpoch = -1;
    private volatile boolean stopped;

    NodeFake(int nodeId, ClientChannel link) {
        this.nodeId = nodeId;
        this.link = link;
        this.logDir = new Uuid(7, nodeId);
    }

    NodeFake logDir(Uuid id) {
        logDir = id;
        return this;
    }

    /** The same incarnation on another link. */
    NodeFake registeredAs(NodeFake other) {
        nodeEpoch = other.nodeEpoch;
        return this;
    }

    MetadataImage image() {
        return image;
    }

    long nodeEpoch() {
        return nodeEpoch;
    }

    ClientChannel link() {
        return link;
    }

    RegisterNodeResponseData register() throws Exception {
        RegisterNodeRequestData request =
                new RegisterNodeRequestData()
                        .setNodeId(nodeId)
                        .setRole("storage")
                        .setIncarnationId(incarnationId)
                        .setLogDirs(List.of(logDir));
        request.endpoints()
                .add(
                        new NodeEndpoint()
                                .setName(Endpoint.CLIENT)
                                .setHost("localhost")
                                .setPort(9000 + nodeId));
        RegisterNodeResponseData answer =
                link.call(
                                ApiCatalog.get(ApiCatalog.REGISTER_NODE),
                                (short) 0,
                                request,
                                RegisterNodeResponseData.class)
                        .get(10, TimeUnit.SECONDS);
        if (answer.errorCode() == Errors.NONE.code()) {
            nodeEpoch = answer.nodeEpoch();
        }
        return answer;
    }

    /** Follows the metadata log until closed. */
    NodeFake follow() {
        fetch(200).thenAccept(this::onFetched);
        return this;
    }

    private void onFetched(PartitionData data) {
        if (data.errorCode() == Errors.NONE.code()) {
            apply(data);
        }
        if (!stopped) {
            follow();
        }
    }

    /** One fetch from the end of what is applied. */
    CompletableFuture<PartitionData> fetch(int maxWaitMs) {
        return fetch(image.nextOffset(), image.takeOverId(), maxWaitMs);
    }

    CompletableFuture<PartitionData> fetch(long offset, Uuid takeOverId, int maxWaitMs) {
        FetchPartition partition =
                new FetchPartition()
                        .setPartition(0)
                        .setFetchOffset(offset)
                        .setReplicaDirectoryId(takeOverId)
                        .setPartitionMaxBytes(1 << 20);
        FetchRequestData request =
                new FetchRequestData()
                        .setMaxWaitMs(maxWaitMs)
                        .setMinBytes(1)
                        .setMaxBytes(1 << 20)
                        .setTopics(
                                List.of(
                                        new FetchTopic()
                                                .setTopicId(MetadataRecords.TOPIC_ID)
                                                .setPartitions(List.of(partition))));
        if (nodeEpoch >= 0) {
            request.replicaState().setReplicaId(nodeId).setReplicaEpoch(nodeEpoch);
        }
        return link.call(
                        ApiCatalog.get(ApiKeys.FETCH),
                        FETCH_VERSION,
                        request,
                        FetchResponseData.class)
                .thenApply(answer -> answer.responses().getFirst().partitions().getFirst());
    }

    void apply(PartitionData data) {
        image = replay(image, Objects.requireNonNull(RecordsField.bytes(data.records())));
    }

    /** The image after the batches in a buffer. */
    static MetadataImage replay(MetadataImage from, ByteBuffer bytes) {
        MetadataImage after = from;
        try (FetchedRecords records =
                new FetchedRecords(
                        bytes,
                        from.nextOffset(),
                        BatchVisibility.readUncommitted(),
                        Integer.MAX_VALUE,
                        true)) {
            while (records.hasNext()) {
                StoredRecord record = records.next();
                ApiMessage message = MetadataRecords.decode(Objects.requireNonNull(record.value()));
                after = after.apply(record.offset(), message);
            }
        } catch (MalformedFrameException e) {
            throw new IllegalStateException(e);
        }
        return after;
    }

    /** Sends a client's request the way a storage node does. */
    <T extends ApiMessage> CompletableFuture<T> forward(
            ApiKeys key, short version, ApiMessage body, Class<T> response) {
        ApiSchema api = ApiCatalog.get(key);
        return envelope(MessageWriter.request(api, version, 77, "a client", body))
                .thenApply(
                        answer -> {
                            assertNone(answer);
                            try {
                                return response.cast(
                                        ResponseReader.read(
                                                api,
                                                version,
                                                Objects.requireNonNull(answer.responseData())));
                            } catch (MalformedFrameException e) {
                                throw new IllegalStateException(e);
                            }
                        });
    }

    CompletableFuture<EnvelopeResponseData> envelope(OutboundFrame frame) {
        ByteBuffer bytes = ByteBuffer.allocate(frame.sizeInBytes());
        frame.parts().forEach(part -> bytes.put(((OutboundFrame.Bytes) part).buffer()));
        return envelope(bytes.flip());
    }

    CompletableFuture<EnvelopeResponseData> envelope(ByteBuffer frame) {
        ByteBuffer principal =
                MessageWriter.bytes(
                        new DefaultPrincipalData().setType("User").setName("ANONYMOUS"), (short) 0);
        EnvelopeRequestData request =
                new EnvelopeRequestData()
                        .setRequestData(frame)
                        .setRequestPrincipal(
                                ByteBuffer.allocate(2 + principal.remaining())
                                        .putShort((short) 0)
                                        .put(principal)
                                        .array())
                        .setClientHostAddress(new byte[] {127, 0, 0, 1});
        return link.call(
                ApiCatalog.get(ApiKeys.ENVELOPE), (short) 0, request, EnvelopeResponseData.class);
    }

    private static void assertNone(EnvelopeResponseData answer) {
        if (answer.errorCode() != Errors.NONE.code()) {
            throw new IllegalStateException("Envelope: " + Errors.forCode(answer.errorCode()));
        }
    }

    @Override
    public void close() {
        stopped = true;
        link.close();
    }
}
