package io.headrace.storage.handler.records;

import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.produce.ProduceValidator;
import io.headrace.protocol.batch.produce.ProduceVerdict;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;
import io.headrace.storage.partition.Partition;

import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceRequestData.PartitionProduceData;
import org.apache.kafka.common.message.ProduceRequestData.TopicProduceData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.nio.ByteBuffer;

/**
 * Produce: validates on the connection's loop, appends on the loops of the partitions, answers when
 * the acknowledgement that was asked for is there.
 */
final class ProduceHandler implements ApiHandler {
    private final Services services;
    private final TransactionVerifier verifier;

    ProduceHandler(Services services, TransactionVerifier verifier) {
        this.services = services;
        this.verifier = verifier;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.PRODUCE);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        ProduceRequestData produce = (ProduceRequestData) body;
        short acks = produce.acks();
        if (acks != 0 && acks != 1 && acks != -1) {
            request.replyError(Errors.INVALID_REQUIRED_ACKS, null);
            return;
        }
        ProduceGathering gathering = new ProduceGathering(services, verifier, request, produce);
        int slot = 0;
        MetadataImage image = services.image();
        for (TopicProduceData topic : produce.topicData()) {
            for (PartitionProduceData data : topic.partitionData()) {
                submit(request, image, topic, data, gathering, slot++);
            }
        }
        gathering.allSubmitted();
    }

    private void submit(
            Request request,
            MetadataImage image,
            TopicProduceData topic,
            PartitionProduceData data,
            ProduceGathering gathering,
            int slot) {
        boolean byId = request.version() >= 13;
        TopicImage known = byId ? image.topic(topic.topicId()) : image.topic(topic.name());
        if (known == null) {
            gathering.refuse(
                    slot, byId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION);
            return;
        }
        if (known.partition(data.index()) == null) {
            gathering.refuse(slot, Errors.UNKNOWN_TOPIC_OR_PARTITION);
            return;
        }
        Partition partition = services.partitions().find(known.topicId(), data.index());
        if (partition == null) {
            gathering.refuse(slot, Errors.NOT_LEADER_OR_FOLLOWER);
            return;
        }
        if (known.internal() && !request.client().isNode()) {
            gathering.refuse(slot, Errors.INVALID_TOPIC_EXCEPTION);
            return;
        }
        ByteBuffer records = RecordsField.bytes(data.records());
        ProduceVerdict verdict =
                ProduceValidator.validate(
                        records == null ? ByteBuffer.allocate(0) : records,
                        request.version(),
                        partition.produceRules(),
                        services.timeOfDay());
        switch (verdict) {
            case ProduceVerdict.Rejected rejected -> gathering.refuse(slot, rejected);
            case ProduceVerdict.Accepted accepted -> {
                boolean isUnnamed =
                        gathering.transactionalId() == null
                                && BatchView.isTransactional(
                                        accepted.batch(), accepted.batch().position());
                if (isUnnamed) {
                    gathering.refuse(slot, Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
                    return;
                }
                partition.runAppend(() -> gathering.append(slot, partition, accepted));
            }
        }
    }
}
