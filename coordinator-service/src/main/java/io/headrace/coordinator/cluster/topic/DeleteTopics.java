package io.headrace.coordinator.cluster.topic;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.protocol.metadata.record.RemoveTopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InvalidRequestException;
import org.apache.kafka.common.errors.UnknownTopicIdException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData.DeleteTopicState;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsResponseData.DeletableTopicResult;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Deletes topics by name or id (KIP-516). */
public record DeleteTopics(DeleteTopicsRequestData request)
        implements Command<DeleteTopicsResponseData> {

    @Override
    public boolean awaitsNodes() {
        return true;
    }

    @Override
    public Decision<DeleteTopicsResponseData> decide(ControllerState state, long nowMs) {
        List<ApiMessage> records = new ArrayList<>();
        Set<Uuid> deleted = new HashSet<>();
        DeleteTopicsResponseData response = new DeleteTopicsResponseData();
        for (DeleteTopicState asked : asked()) {
            DeletableTopicResult result =
                    new DeletableTopicResult().setName(asked.name()).setTopicId(asked.topicId());
            try {
                TopicImage topic = find(state.image(), asked.name(), asked.topicId());
                if (!deleted.add(topic.topicId())) {
                    throw new InvalidRequestException(
                            asked.name() == null ? "Duplicate topic id." : "Duplicate topic name.");
                }
                records.add(new RemoveTopicRecord().setTopicId(topic.topicId()));
                result.setName(topic.name()).setTopicId(topic.topicId());
            } catch (ApiException e) {
                result.setErrorCode(Errors.forException(e).code()).setErrorMessage(e.getMessage());
            }
            response.responses().add(result);
        }
        return new Decision<>(records, response);
    }

    private List<DeleteTopicState> asked() {
        List<DeleteTopicState> asked = new ArrayList<>(request.topics());
        for (String name : request.topicNames()) {
            asked.add(new DeleteTopicState().setName(name).setTopicId(Uuid.ZERO_UUID));
        }
        return asked;
    }

    private static TopicImage find(MetadataImage image, @Nullable String name, Uuid topicId) {
        boolean hasId = !topicId.equals(Uuid.ZERO_UUID);
        if (name != null && hasId) {
            throw new InvalidRequestException("You may not specify both topic name and topic id.");
        }
        if (name == null && !hasId) {
            throw new InvalidRequestException("Neither topic name nor id were specified.");
        }
        TopicImage topic = name == null ? image.topic(topicId) : image.topic(name);
        if (topic == null && name == null) {
            throw new UnknownTopicIdException("This server does not host this topic ID.");
        }
        if (topic == null) {
            throw new UnknownTopicOrPartitionException(
                    "This server does not host this topic-partition.");
        }
        return topic;
    }
}
