package io.headrace.client.produce.send;

import io.headrace.client.connection.ApiRanges;
import io.headrace.client.metadata.ClusterView;
import io.headrace.client.metadata.ClusterView.TopicView;
import io.headrace.client.produce.Acks;
import io.headrace.protocol.codec.RecordsField;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.message.ProduceResponseData.PartitionProduceResponse;
import org.apache.kafka.common.message.ProduceResponseData.TopicProduceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One produce request and its answer: batches on one side, Kafka's messages on the other. */
final class ProduceRequests {
    private static final short LAST_VERSION_WITH_NAMES = 12;

    private ProduceRequests() {}

    /** The highest version that these batches' topics allow: topic ids must be known (KIP-516). */
    static short version(ApiRanges ranges, List<ProduceBatch> batches, ClusterView view) {
        for (ProduceBatch batch : batches) {
            if (topicId(view, batch.partition()).equals(Uuid.ZERO_UUID)) {
                return ranges.version(ApiKeys.PRODUCE, LAST_VERSION_WITH_NAMES);
            }
        }
        return ranges.version(ApiKeys.PRODUCE);
    }

    static ProduceRequestData encode(
            List<ProduceBatch> batches, ClusterView view, short version, Acks acks, int timeoutMs) {
        Map<String, TopicProduceData> topics = new HashMap<>();
        ProduceRequestData request =
                new ProduceRequestData().setAcks(acks.code()).setTimeoutMs(timeoutMs);
        for (ProduceBatch batch : batches) {
            String name = batch.partition().topic();
            TopicProduceData topic = topics.get(name);
            if (topic == null) {
                topic = new TopicProduceData();
                if (version > LAST_VERSION_WITH_NAMES) {
                    topic.setTopicId(topicId(view, batch.partition()));
                } else {
                    topic.setName(name);
                }
                topics.put(name, topic);
                request.topicData().add(topic);
            }
            topic.partitionData()
                    .add(
                            new PartitionProduceData()
                                    .setIndex(batch.partition().partition())
                                    .setRecords(RecordsField.of(batch.encoded())));
        }
        return request;
    }

    /** The answers by partition; a topic id that was not asked for is left out. */
    static Map<TopicPartition, PartitionProduceResponse> decode(
            ProduceRequestData request,
            List<ProduceBatch> batches,
            ClusterView view,
            ProduceResponseData answer) {
        Map<Uuid, String> names = new HashMap<>();
        for (ProduceBatch batch : batches) {
            names.put(topicId(view, batch.partition()), batch.partition().topic());
        }
        Map<TopicPartition, PartitionProduceResponse> answers = new HashMap<>();
        for (TopicProduceResponse topic : answer.responses()) {
            @Nullable String name =
                    topic.name().isEmpty() ? names.get(topic.topicId()) : topic.name();
            if (name != null) {
                for (PartitionProduceResponse partition : topic.partitionResponses()) {
                    answers.put(new TopicPartition(name, partition.index()), partition);
                }
            }
        }
        assert !request.topicData().isEmpty();
        return answers;
    }

    private static Uuid topicId(ClusterView view, TopicPartition partition) {
        TopicView topic = view.topics().get(partition.topic());
        return topic == null ? Uuid.ZERO_UUID : topic.topicId();
    }
}
