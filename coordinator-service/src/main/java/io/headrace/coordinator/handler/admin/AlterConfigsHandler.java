package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.topic.AlterConfigs.Change;
import io.headrace.coordinator.cluster.topic.AlterConfigs.Entry;
import io.headrace.coordinator.metadata.Controller;

import org.apache.kafka.common.message.AlterConfigsRequestData;
import org.apache.kafka.common.message.AlterConfigsResponseData;
import org.apache.kafka.common.message.AlterConfigsResponseData.AlterConfigsResourceResponse;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.List;

/** AlterConfigs: what is not named goes back to its default. */
final class AlterConfigsHandler
        extends ConfigChangesHandler<AlterConfigsRequestData, AlterConfigsResponseData> {

    AlterConfigsHandler(Controller controller) {
        super(ApiKeys.ALTER_CONFIGS, AlterConfigsRequestData.class, controller);
    }

    @Override
    List<Change> changes(AlterConfigsRequestData request) {
        List<Change> changes = new ArrayList<>();
        for (var resource : request.resources()) {
            List<Entry> entries = new ArrayList<>();
            for (var config : resource.configs()) {
                entries.add(new Entry(config.name(), (byte) 0, config.value()));
            }
            changes.add(
                    new Change(resource.resourceType(), resource.resourceName(), entries, true));
        }
        return changes;
    }

    @Override
    boolean validatesOnly(AlterConfigsRequestData request) {
        return request.validateOnly();
    }

    @Override
    AlterConfigsResponseData response(List<Outcome> outcomes) {
        AlterConfigsResponseData response = new AlterConfigsResponseData();
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
