package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.cluster.topic.CreatePartitions;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreatePartitionsResponseData;
import org.apache.kafka.common.message.CreatePartitionsResponseData.CreatePartitionsTopicResult;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** CreatePartitions. */
final class CreatePartitionsHandler
        extends AdminHandler<CreatePartitionsRequestData, CreatePartitionsResponseData> {

    CreatePartitionsHandler(Controller controller) {
        super(ApiKeys.CREATE_PARTITIONS, CreatePartitionsRequestData.class, controller);
    }

    @Override
    Command<CreatePartitionsResponseData> command(CreatePartitionsRequestData request) {
        return new CreatePartitions(request);
    }

    @Override
    CreatePartitionsResponseData refusal(
            CreatePartitionsRequestData request, Errors error, String message) {
        CreatePartitionsResponseData response = new CreatePartitionsResponseData();
        for (var topic : request.topics()) {
            response.results()
                    .add(
                            new CreatePartitionsTopicResult()
                                    .setName(topic.name())
                                    .setErrorCode(error.code())
                                    .setErrorMessage(message));
        }
        return response;
    }
}
