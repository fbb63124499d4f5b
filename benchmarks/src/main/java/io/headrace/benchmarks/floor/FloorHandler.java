package io.headrace.benchmarks.floor;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ListOffsetsRequestData;
import org.apache.kafka.common.message.ListOffsetsResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.record.internal.MemoryRecords;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Answers what a producer asks, one request after the other, on the connection's loop. */
final class FloorHandler extends SimpleChannelInboundHandler<ByteBuf> {
    private static final Uuid TOPIC_ID = new Uuid(1, 1);

    /**
     * What is said to be served: API key, lowest and highest version. Nobody reads, but without
     * Fetch librdkafka would send the old message format.
     */
    private static final int[][] SERVED = {
        {ApiKeys.PRODUCE.id, 3, 12},
        {ApiKeys.FETCH.id, 4, 12},
        {ApiKeys.LIST_OFFSETS.id, 1, 7},
        {ApiKeys.METADATA.id, 0, 12},
        {ApiKeys.API_VERSIONS.id, 0, 3},
        {ApiKeys.INIT_PRODUCER_ID.id, 0, 4}
    };

    private final FloorLogs logs;
    private final int port;

    FloorHandler(FloorLogs logs, int port) {
        this.logs = logs;
        this.port = port;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf frame) throws IOException {
        ByteBuffer bytes = frame.nioBuffer();
        short apiKey = bytes.getShort(bytes.position());
        short version = bytes.getShort(bytes.position() + 2);
        ApiKeys api = ApiKeys.forId(apiKey);
        ByteBufferAccessor input = new ByteBufferAccessor(bytes);
        RequestHeaderData header =
                new RequestHeaderData(input, api.messageType.requestHeaderVersion(version));
        ApiMessage answer =
                switch (api) {
                    case PRODUCE -> produce(new ProduceRequestData(input, version));
                    case METADATA -> metadata(new MetadataRequestData(input, version), version);
                    case LIST_OFFSETS -> offsets(new ListOffsetsRequestData(input, version));
                    case INIT_PRODUCER_ID -> new InitProducerIdResponseData().setProducerId(1);
                    case API_VERSIONS -> apiVersions();
                    default -> throw new IOException("Not served: " + api);
                };
        if (answer instanceof ProduceResponseData produced && produced.responses().isEmpty()) {
            return; // acks=0
        }
        boolean unknownVersion = api == ApiKeys.API_VERSIONS && version > 3;
        short answerVersion = unknownVersion ? 0 : version;
        context.write(encode(header.correlationId(), api, answerVersion, answer));
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        System.err.println("The floor closes a connection: " + cause);
        context.close();
    }

    private static ByteBuf encode(int correlationId, ApiKeys api, short version, ApiMessage body) {
        ResponseHeaderData header = new ResponseHeaderData().setCorrelationId(correlationId);
        short headerVersion = api.messageType.responseHeaderVersion(version);
        ObjectSerializationCache cache = new ObjectSerializationCache();
        int size = header.size(cache, headerVersion) + body.size(cache, version);
        ByteBuffer bytes = ByteBuffer.allocate(4 + size).putInt(size);
        ByteBufferAccessor output = new ByteBufferAccessor(bytes);
        header.write(output, cache, headerVersion);
        body.write(output, cache, version);
        return Unpooled.wrappedBuffer(bytes.flip());
    }

    private ProduceResponseData produce(ProduceRequestData request) throws IOException {
        ProduceResponseData answer = new ProduceResponseData();
        for (var topic : request.topicData()) {
            var answered =
                    new ProduceResponseData.TopicProduceResponse()
                            .setName(topic.name())
                            .setTopicId(topic.topicId());
            for (var partition : topic.partitionData()) {
                ByteBuffer batches = ((MemoryRecords) partition.records()).buffer().duplicate();
                answered.partitionResponses()
                        .add(
                                new ProduceResponseData.PartitionProduceResponse()
                                        .setIndex(partition.index())
                                        .setBaseOffset(logs.append(partition.index(), batches)));
            }
            if (request.acks() != 0) {
                answer.responses().add(answered);
            }
        }
        return answer;
    }

    private MetadataResponseData metadata(MetadataRequestData request, short version) {
        MetadataResponseData answer = new MetadataResponseData().setControllerId(1);
        answer.brokers()
                .add(
                        new MetadataResponseData.MetadataResponseBroker()
                                .setNodeId(1)
                                .setHost("localhost")
                                .setPort(port));
        if (version >= 2) {
            answer.setClusterId("floor");
        }
        List<MetadataRequestData.MetadataRequestTopic> asked = request.topics();
        for (var topic :
                asked == null ? List.<MetadataRequestData.MetadataRequestTopic>of() : asked) {
            List<MetadataResponseData.MetadataResponsePartition> partitions = new ArrayList<>();
            for (int i = 0; i < logs.partitions(); i++) {
                partitions.add(
                        new MetadataResponseData.MetadataResponsePartition()
                                .setPartitionIndex(i)
                                .setLeaderId(1)
                                .setLeaderEpoch(0)
                                .setReplicaNodes(List.of(1))
                                .setIsrNodes(List.of(1)));
            }
            answer.topics()
                    .add(
                            new MetadataResponseData.MetadataResponseTopic()
                                    .setName(topic.name())
                                    .setTopicId(TOPIC_ID)
                                    .setPartitions(partitions));
        }
        return answer;
    }

    /** The end of each partition, or 0 for its beginning. */
    private ListOffsetsResponseData offsets(ListOffsetsRequestData request) {
        ListOffsetsResponseData answer = new ListOffsetsResponseData();
        for (var topic : request.topics()) {
            var answered =
                    new ListOffsetsResponseData.ListOffsetsTopicResponse().setName(topic.name());
            for (var partition : topic.partitions()) {
                boolean isEnd = partition.timestamp() == -1;
                answered.partitions()
                        .add(
                                new ListOffsetsResponseData.ListOffsetsPartitionResponse()
                                        .setPartitionIndex(partition.partitionIndex())
                                        .setOffset(
                                                isEnd
                                                        ? logs.endOffset(partition.partitionIndex())
                                                        : 0));
            }
            answer.topics().add(answered);
        }
        return answer;
    }

    private static ApiVersionsResponseData apiVersions() {
        ApiVersionsResponseData answer = new ApiVersionsResponseData();
        for (int[] api : SERVED) {
            answer.apiKeys()
                    .add(
                            new ApiVersionsResponseData.ApiVersion()
                                    .setApiKey((short) api[0])
                                    .setMinVersion((short) api[1])
                                    .setMaxVersion((short) api[2]));
        }
        return answer;
    }
}
