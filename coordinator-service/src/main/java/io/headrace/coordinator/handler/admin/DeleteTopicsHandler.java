package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.topic.DeleteTopics;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsResponseData;
import org.apache.kafka.common.message.DeleteTopicsResponseData.DeletableTopicResult;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** DeleteTopics. */
final class DeleteTopicsHandler
        extends AdminHandler<DeleteTopicsRequestData, DeleteTopicsResponseData> {

    DeleteTopicsHandler(Controller controller) {
        super(ApiKeys.DELETE_TOPICS, DeleteTopicsRequestData.class, controller);
    }

    @Override
    Command<DeleteTopicsResponseData> command(DeleteTopicsRequestData request) {
        return new DeleteTopics(request);
    }

    @Override
    DeleteTopicsResponseData refusal(
            DeleteTopicsRequestData request, Errors error, String message) {
        DeleteTopicsResponseData response = new DeleteTopicsResponseData();
        for (var topic : request.topics()) {
            response.responses()
                    .add(result(error, message).setName(topic.name()).setTopicId(topic.topicId()));
        }
        for (String name : request.topicNames()) {
            response.responses().add(result(error, message).setName(name));
        }
        return response;
    }

    private static DeletableTopicResult result(Errors error, String message) {
        return new DeletableTopicResult().setErrorCode(error.code()).setErrorMessage(message);
    }
}
