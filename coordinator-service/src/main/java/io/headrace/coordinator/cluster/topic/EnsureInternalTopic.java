package io.headrace.coordinator.cluster.topic;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.Decision;
import io.headrace.coordinator.cluster.InternalTopicRules;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopicConfig;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.protocol.Errors;

/** Creates one of the platform's own topics unless it exists. The answer is its id. */
public record EnsureInternalTopic(String name) implements Command<Uuid> {

    @Override
    public boolean awaitsNodes() {
        return true;
    }

    @Override
    public Decision<Uuid> decide(ControllerState state, long nowMs) {
        TopicImage existing = state.image().topic(name);
        if (existing != null) {
            return Decision.answer(existing.topicId());
        }
        InternalTopicRules.Shape shape = InternalTopicRules.shapeOf(name, state.rules());
        if (shape == null) {
            throw new InvalidTopicException(name + " is no internal topic of this platform");
        }
        int replicas = InternalTopicRules.replicationFactor(state.activeNodes().size());
        CreatableTopic topic =
                new CreatableTopic()
                        .setName(name)
                        .setNumPartitions(shape.partitions())
                        .setReplicationFactor((short) replicas);
        shape.configs()
                .forEach(
                        (config, value) ->
                                topic.configs()
                                        .add(
                                                new CreatableTopicConfig()
                                                        .setName(config)
                                                        .setValue(value)));
        CreateTopicsRequestData request = new CreateTopicsRequestData();
        request.topics().add(topic);
        Decision<CreateTopicsResponseData> created =
                new CreateTopics(request, true).decide(state, nowMs);
        var result = created.response().topics().find(name);
        if (result == null) {
            throw new UnknownServerException("No verdict on the topic " + name);
        }
        if (result.errorCode() != Errors.NONE.code()) {
            throw Errors.forCode(result.errorCode()).exception(result.errorMessage());
        }
        return new Decision<>(created.records(), result.topicId());
    }
}
