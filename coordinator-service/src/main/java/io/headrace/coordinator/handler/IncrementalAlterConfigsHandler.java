package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.AlterConfigs;
import io.headrace.coordinator.cluster.AlterConfigs.Change;
import io.headrace.coordinator.cluster.AlterConfigs.Entry;
import io.headrace.coordinator.cluster.AlterConfigs.Verdict;
import io.headrace.coordinator.cluster.Command;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData.AlterConfigsResourceResponse;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** IncrementalAlterConfigs (KIP-339). */
final class IncrementalAlterConfigsHandler
        extends AdminHandler<
                IncrementalAlterConfigsRequestData, IncrementalAlterConfigsResponseData> {

    IncrementalAlterConfigsHandler(Controller controller) {
        super(
                ApiKeys.INCREMENTAL_ALTER_CONFIGS,
                IncrementalAlterConfigsRequestData.class,
                controller);
    }

    @Override
    Command<IncrementalAlterConfigsResponseData> command(
            IncrementalAlterConfigsRequestData request) {
        List<Change> changes = new ArrayList<>();
        for (var resource : request.resources()) {
            List<Entry> entries = new ArrayList<>();
            for (var config : resource.configs()) {
                entries.add(new Entry(config.name(), config.configOperation(), config.value()));
            }
            changes.add(
                    new Change(resource.resourceType(), resource.resourceName(), entries, false));
        }
        return new MappedCommand<>(
                new AlterConfigs(changes, request.validateOnly()),
                IncrementalAlterConfigsHandler::response);
    }

    private static IncrementalAlterConfigsResponseData response(List<Verdict> verdicts) {
        IncrementalAlterConfigsResponseData response = new IncrementalAlterConfigsResponseData();
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
    IncrementalAlterConfigsResponseData refusal(
            IncrementalAlterConfigsRequestData request, Errors error, String message) {
        IncrementalAlterConfigsResponseData response = new IncrementalAlterConfigsResponseData();
        for (var resource : request.resources()) {
            response.responses()
                    .add(result(resource.resourceType(), resource.resourceName(), error, message));
        }
        return response;
    }
}
