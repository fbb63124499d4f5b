package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.topic.AlterConfigs.Change;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Entry;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.IncrementalAlterConfigsRequestData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData;
import org.apache.kafka.common.message.IncrementalAlterConfigsResponseData.AlterConfigsResourceResponse;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.List;

/** IncrementalAlterConfigs (KIP-339). */
final class IncrementalAlterConfigsHandler
        extends ConfigChangesHandler<
                IncrementalAlterConfigsRequestData, IncrementalAlterConfigsResponseData> {

    IncrementalAlterConfigsHandler(Controller controller) {
        super(
                ApiKeys.INCREMENTAL_ALTER_CONFIGS,
                IncrementalAlterConfigsRequestData.class,
                controller);
    }

    @Override
    List<Change> changes(IncrementalAlterConfigsRequestData request) {
        List<Change> changes = new ArrayList<>();
        for (var resource : request.resources()) {
            List<Entry> entries = new ArrayList<>();
            for (var config : resource.configs()) {
                entries.add(new Entry(config.name(), config.configOperation(), config.value()));
            }
            changes.add(
                    new Change(resource.resourceType(), resource.resourceName(), entries, false));
        }
        return changes;
    }

    @Override
    boolean validatesOnly(IncrementalAlterConfigsRequestData request) {
        return request.validateOnly();
    }

    @Override
    IncrementalAlterConfigsResponseData response(List<Outcome> outcomes) {
        IncrementalAlterConfigsResponseData response = new IncrementalAlterConfigsResponseData();
        for (Outcome outcome : outcomes) {
            response.responses()
                    .add(
                            new AlterConfigsResourceResponse()
                                    .setResourceType(outcome.resourceType())
                                    .setResourceName(outcome.resourceName())
                                    .setErrorCode(outcome.error().code())
                                    .setErrorMessage(outcome.message()));
        }
        return response;
    }
}
