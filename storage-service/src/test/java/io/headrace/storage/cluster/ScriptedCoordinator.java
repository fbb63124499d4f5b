package io.headrace.storage.cluster;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.message.AuthenticateNodeRequestData;
import io.headrace.protocol.message.RegisterNodeRequestData;
import io.headrace.protocol.message.RegisterNodeResponseData;
import io.headrace.protocol.metadata.MetadataRecords;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeHandshake;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.server.ConnectionHandler;
import io.headrace.transport.server.FrameServer;
import io.headrace.transport.server.InboundRequest;
import io.headrace.transport.server.ServerOptions;

import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.message.FetchResponseData.FetchableTopicResponse;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiMessage;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.LongFunction;

/** A coordinator that answers each fetch of the metadata log as its script says. */
final class ScriptedCoordinator implements AutoCloseable {
    static final ClusterSecret SECRET = ClusterSecret.of("a secret for tests only");

    /** What whoever registers is given. */
    static final long NODE_EPOCH = 7;

    private final LoopGroup loops = LoopGroup.start("scripted", 1);
    private final FrameServer server;

    /** When fetches came, by {@code System.nanoTime}. */
    final Queue<Long> fetches = new ConcurrentLinkedQueue<>();

    volatile LongFunction<PartitionData> script = offset -> new PartitionData();

    ScriptedCoordinator() {
        server =
                FrameServer.start(
                        ServerOptions.at("127.0.0.1", 0), loops, connection -> new Link());
    }

    InetSocketAddress address() {
        return InetSocketAddress.createUnresolved("127.0.0.1", server.address().getPort());
    }

    int port() {
        return server.address().getPort();
    }

    /** The records from an offset to the end of a log. */
    static PartitionData records(List<? extends ApiMessage> log, long offset) {
        PartitionData data =
                new PartitionData().setHighWatermark(log.size()).setRecords(RecordsField.empty());
        if (offset < log.size()) {
            BatchBuilder batch = BatchBuilder.growing().baseOffset(offset);
            for (ApiMessage record : log.subList((int) offset, log.size())) {
                batch.append(0L, (ByteBuffer) null, MetadataRecords.encode(record), List.of());
            }
            data.setRecords(RecordsField.of(batch.build()));
        }
        return data;
    }

    @Override
    public void close() {
        server.close();
        loops.close();
    }

    private final class Link implements ConnectionHandler {
        private final NodeHandshake handshake = new NodeHandshake(SECRET);

        @Override
        public void onRequest(InboundRequest inbound) {
            try {
                RequestHead head = RequestHead.read(inbound.frame());
                switch (head.readBody(inbound.frame())) {
                    case AuthenticateNodeRequestData request ->
                            inbound.reply(
                                    MessageWriter.response(head, handshake.onRequest(request)));
                    case RegisterNodeRequestData request ->
                            inbound.reply(
                                    MessageWriter.response(
                                            head,
                                            new RegisterNodeResponseData()
                                                    .setClusterId("a cluster")
                                                    .setNodeEpoch(NODE_EPOCH)));
                    case FetchRequestData request -> fetch(inbound, head, request);
                    default -> inbound.fail("Not in this script");
                }
            } catch (MalformedFrameException e) {
                inbound.fail(String.valueOf(e.getMessage()));
            }
        }

        private void fetch(InboundRequest inbound, RequestHead head, FetchRequestData request) {
            fetches.add(System.nanoTime());
            long offset = request.topics().getFirst().partitions().getFirst().fetchOffset();
            PartitionData data = script.apply(offset);
            if (data.records() == null) {
                data.setRecords(RecordsField.empty());
            }
            FetchResponseData response =
                    new FetchResponseData()
                            .setResponses(
                                    List.of(
                                            new FetchableTopicResponse()
                                                    .setTopicId(MetadataRecords.TOPIC_ID)
                                                    .setPartitions(List.of(data))));
            // As a long poll would: not at once.
            loops.at(0).schedule(() -> inbound.reply(MessageWriter.response(head, response)), 20);
        }
    }
}
