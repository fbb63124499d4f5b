package io.headrace.coordinator.handler.admin;

import io.headrace.coordinator.cluster.topic.ListConfigResources;
import io.headrace.coordinator.handler.Failures;
import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.ForwardedRequest;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.protocol.codec.ApiCatalog;

import org.apache.kafka.common.message.ListConfigResourcesRequestData;
import org.apache.kafka.common.message.ListConfigResourcesResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** ListConfigResources; its version 0 lists client metrics only. */
final class ListConfigResourcesHandler implements ForwardedHandler {
    private final Controller controller;

    ListConfigResourcesHandler(Controller controller) {
        this.controller = controller;
    }

    @Override
    public short apiKey() {
        return ApiKeys.LIST_CONFIG_RESOURCES.id;
    }

    @Override
    public short minVersion() {
        return 0;
    }

    @Override
    public short maxVersion() {
        return ApiCatalog.get(ApiKeys.LIST_CONFIG_RESOURCES).latestVersion();
    }

    @Override
    public void handle(ForwardedRequest request) {
        ListConfigResourcesRequestData body = request.body(ListConfigResourcesRequestData.class);
        controller
                .submit(new ListConfigResources(body, request.apiVersion()))
                .whenComplete(
                        (response, failure) -> {
                            if (failure == null) {
                                request.reply(response);
                            } else if (Failures.error(failure) == Errors.NOT_CONTROLLER) {
                                request.refuse(Errors.NOT_CONTROLLER);
                            } else {
                                request.reply(
                                        new ListConfigResourcesResponseData()
                                                .setErrorCode(Failures.error(failure).code()));
                            }
                        });
    }
}
