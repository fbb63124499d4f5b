package io.headrace.client;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.RecordReader;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.transport.server.InboundRequest;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A node with one topic of one partition that checks sequences as Kafka does and fails as told. All
 * state is confined to its one loop.
 */
final class FakeBroker implements AutoCloseable {
    static final String TOPIC = "t";
    private static final int REMEMBERED_BATCHES = 5;
    private static final short PRODUCE_VERSION = 12;
    private static final Uuid TOPIC_ID = Uuid.randomUuid();

    /** What becomes of a produce request. */
    enum Fate {
        STORED,
        LOST_BEFORE,
        LOST_AFTER,
        NOT_LEADER,
        NOT_ENOUGH_REPLICAS
    }

    private record Known(int baseSequence, int lastSequence, long baseOffset) {}

    private record Producer(long id, short epoch) {}

    private final FakeNode node =
            new FakeNode(
                    List.of(ApiKeys.METADATA, ApiKeys.INIT_PRODUCER_ID, ApiKeys.PRODUCE),
                    api -> api == ApiKeys.PRODUCE ? PRODUCE_VERSION : api.latestVersion(),
                    this::answer);
    private final Supplier<Fate> fates;
    private final int maxRecords;
    private final List<String> values = new ArrayList<>();
    private final Map<Producer, List<Known>> producers = new HashMap<>();

    /**
     * @param fates asked at each produce request
     * @param maxRecords of a batch; larger ones are MESSAGE_TOO_LARGE
     */
    FakeBroker(Supplier<Fate> fates, int maxRecords) {
        this.fates = fates;
        this.maxRecords = maxRecords;
    }

    String bootstrap() {
        return node.bootstrap();
    }

    /** The values in the log; after the client has its answers. */
    List<String> values() {
        return values;
    }

    @Override
    public void close() {
        node.close();
    }

    private @Nullable ApiMessage answer(InboundRequest request, RequestHead head, ApiMessage body) {
        return switch (body) {
            case ProduceRequestData produce -> produce(request, produce);
            case MetadataRequestData metadata -> metadata(metadata);
            default ->
                    new InitProducerIdResponseData().setProducerId(7).setProducerEpoch((short) 0);
        };
    }

    private MetadataResponseData metadata(MetadataRequestData request) {
        MetadataResponseData answer = node.metadata();
        List<MetadataRequestData.MetadataRequestTopic> asked =
                request.topics() == null ? List.of() : request.topics();
        for (MetadataRequestData.MetadataRequestTopic topic : asked) {
            var found = new MetadataResponseData.MetadataResponseTopic().setName(topic.name());
            if (TOPIC.equals(topic.name())) {
                found.setTopicId(TOPIC_ID)
                        .partitions()
                        .add(
                                new MetadataResponseData.MetadataResponsePartition()
                                        .setPartitionIndex(0)
                                        .setLeaderId(1)
                                        .setLeaderEpoch(0)
                                        .setReplicaNodes(List.of(1))
                                        .setIsrNodes(List.of(1)));
            } else {
                found.setErrorCode(Errors.UNKNOWN_TOPIC_OR_PARTITION.code());
            }
            answer.topics().add(found);
        }
        return answer;
    }

    private @Nullable ProduceResponseData produce(
            InboundRequest request, ProduceRequestData produce) {
        Fate fate = fates.get();
        if (fate == Fate.LOST_BEFORE) {
            request.fail("told to"); // Closes the connection.
            return null;
        }
        var part = new ProduceResponseData.PartitionProduceResponse().setIndex(0);
        if (fate == Fate.NOT_LEADER) {
            part.setErrorCode(Errors.NOT_LEADER_OR_FOLLOWER.code());
        } else if (fate == Fate.NOT_ENOUGH_REPLICAS) {
            part.setErrorCode(Errors.NOT_ENOUGH_REPLICAS.code());
        } else {
            for (ProduceRequestData.TopicProduceData topic : produce.topicData()) {
                ByteBuffer bytes = RecordsField.bytes(topic.partitionData().getFirst().records());
                if (bytes != null) {
                    append(bytes, part);
                }
            }
        }
        if (fate == Fate.LOST_AFTER) {
            request.fail("told to"); // Closes the connection.
            return null;
        }
        ProduceResponseData answer = new ProduceResponseData();
        answer.responses()
                .add(
                        new ProduceResponseData.TopicProduceResponse()
                                .setName(TOPIC)
                                .setPartitionResponses(List.of(part)));
        return answer;
    }

    private void append(ByteBuffer bytes, ProduceResponseData.PartitionProduceResponse part) {
        BatchSet batches = BatchSet.of(bytes);
        if (!batches.next()) {
            throw new IllegalStateException("An empty produce request");
        }
        int index = batches.index();
        int count = BatchView.recordCount(bytes, index);
        if (count > maxRecords) {
            part.setErrorCode(Errors.MESSAGE_TOO_LARGE.code());
            return;
        }
        int first = BatchView.baseSequence(bytes, index);
        Producer producer =
                new Producer(
                        BatchView.producerId(bytes, index), BatchView.producerEpoch(bytes, index));
        List<Known> known = producers.computeIfAbsent(producer, p -> new ArrayList<>());
        for (Known batch : known) {
            if (batch.baseSequence() == first && batch.lastSequence() == first + count - 1) {
                part.setBaseOffset(batch.baseOffset());
                return;
            }
        }
        // As Kafka does, whoever is not known may begin with any number.
        if (!known.isEmpty() && first != known.getLast().lastSequence() + 1) {
            part.setErrorCode(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER.code());
            return;
        }
        part.setBaseOffset(values.size());
        known.add(new Known(first, first + count - 1, values.size()));
        if (known.size() > REMEMBERED_BATCHES) {
            known.removeFirst();
        }
        try (RecordReader records = RecordReader.open(bytes, index, 1 << 20)) {
            while (records.hasNext()) {
                byte[] value = records.next().valueBytes();
                values.add(value == null ? "" : new String(value, StandardCharsets.UTF_8));
            }
        }
    }
}
