package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.AlterConfigs;
import io.headrace.coordinator.cluster.AlterConfigs.Change;
import io.headrace.coordinator.cluster.AlterConfigs.Entry;
import io.headrace.coordinator.cluster.AlterConfigs.Verdict;
import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.AlterConfigsResponseData.AlterConfigsResourceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** AlterConfigs: what is not named goes back to its default. */
final class AlterConfigsHandler
        extends AdminHandler<AlterConfigsRequestData, AlterConfigsResponseData> {

    AlterConfigsHandler(Controller controller) {
        super(ApiKeys.ALTER_CONFIGS, AlterConfigsRequestData.class, controller);
    }

    @Override
    Command<AlterConfigsResponseData> command(AlterConfigsRequestData request) {
        List<Change> changes = new ArrayList<>();
        for (var resource : request.resources()) {
            List<Entry> entries = new ArrayList<>();
            for (var config : resource.configs()) {
                entries.add(new Entry(config.name(), (byte) 0, config.value()));
            }
            changes.add(
                    new Change(resource.resourceType(), resource.resourceName(), entries, true));
        }
        return new MappedCommand<>(
                new AlterConfigs(changes, request.validateOnly()), AlterConfigsHandler::response);
    }

    private static AlterConfigsResponseData response(List<Verdict> verdicts) {
        AlterConfigsResponseData response = new AlterConfigsResponseData();
        for (Verdict verdict : verdicts) {
            ApiException refusal = verdict.refusal();
            response.responses()
                    .add(
                            result(
                                    verdict.change().resourceType(),
                                    verdict.change().resourceName(),
                                    refusal == null ? Errors.NONE : Errors.forException(refusal),
                                    refusal == null ? null : refusal.getMessage()));
        }
        return response;
    }

    private static AlterConfigsResourceResponse result(
            byte type, String name, Errors error, @Nullable String message) {
        return new AlterConfigsResourceResponse()
                .setResourceType(type)
                .setResourceName(name)
                .setErrorCode(error.code())
                .setErrorMessage(message);
    }

    @Override
    AlterConfigsResponseData refusal(
            AlterConfigsRequestData request, Errors error, String message) {
        AlterConfigsResponseData response = new AlterConfigsResponseData();
        for (var resource : request.resources()) {
            response.responses()
                    .add(result(resource.resourceType(), resource.resourceName(), error, message));
        }
        return response;
    }
}
