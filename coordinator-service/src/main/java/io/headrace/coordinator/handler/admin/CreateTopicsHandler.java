package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.topic.CreateTopics;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.message.CreateTopicsResponseData;
import org.apache.kafka.common.message.CreateTopicsResponseData.CreatableTopicResult;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** CreateTopics. */
final class CreateTopicsHandler
        extends AdminHandler<CreateTopicsRequestData, CreateTopicsResponseData> {

    CreateTopicsHandler(Controller controller) {
        super(ApiKeys.CREATE_TOPICS, CreateTopicsRequestData.class, controller);
    }

    @Override
    Command<CreateTopicsResponseData> command(CreateTopicsRequestData request) {
        return new CreateTopics(request);
    }

    @Override
    CreateTopicsResponseData refusal(
            CreateTopicsRequestData request, Errors error, String message) {
        CreateTopicsResponseData response = new CreateTopicsResponseData();
        for (CreatableTopic topic : request.topics()) {
            response.topics()
                    .add(
                            new CreatableTopicResult()
                                    .setName(topic.name())
                                    .setErrorCode(error.code())
                                    .setErrorMessage(message));
        }
        return response;
    }
}
