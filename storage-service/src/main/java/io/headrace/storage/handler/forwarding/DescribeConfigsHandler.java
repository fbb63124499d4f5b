package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.DescribeConfigsRequestData;
import org.apache.kafka.common.message.DescribeConfigsRequestData.DescribeConfigsResource;
import org.apache.kafka.common.message.DescribeConfigsResponseData;
import org.apache.kafka.common.message.DescribeConfigsResponseData.DescribeConfigsResult;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** DescribeConfigs: a node's own configs here, all others by the controller. */
final class DescribeConfigsHandler extends ForwardingHandler {
    private static final byte BROKER_LOGGER = 8;

    private final BrokerConfigs brokerConfigs;

    DescribeConfigsHandler(Services services) {
        super(
                services,
                ApiKeys.DESCRIBE_CONFIGS,
                Errors.REQUEST_TIMED_OUT,
                body -> new ForwardTarget.Controller());
        this.brokerConfigs = new BrokerConfigs(services);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        DescribeConfigsRequestData asked = (DescribeConfigsRequestData) body;
        List<DescribeConfigsResource> others = new ArrayList<>();
        List<DescribeConfigsResult> own = new ArrayList<>();
        for (DescribeConfigsResource resource : asked.resources()) {
            if (resource.resourceType() == ConfigResourceKey.BROKER
                    || resource.resourceType() == BROKER_LOGGER) {
                own.add(describeNode(resource, asked));
            } else {
                others.add(resource);
            }
        }
        if (own.isEmpty()) {
            forward(request, body, new ForwardTarget.Controller());
            return;
        }
        DescribeConfigsResponseData response = new DescribeConfigsResponseData().setResults(own);
        if (others.isEmpty()) {
            request.reply(response);
            return;
        }
        DescribeConfigsRequestData rest = asked.duplicate().setResources(others);
        CompletableFuture<ApiMessage> answer =
                FanOut.send(
                        services(),
                        request,
                        rest,
                        new ForwardTarget.Controller(),
                        Errors.REQUEST_TIMED_OUT);
        request.releaseFrame();
        answer.thenAccept(
                given -> {
                    own.addAll(((DescribeConfigsResponseData) given).results());
                    request.reply(response);
                });
    }

    private DescribeConfigsResult describeNode(
            DescribeConfigsResource resource, DescribeConfigsRequestData asked) {
        DescribeConfigsResult result =
                new DescribeConfigsResult()
                        .setResourceType(resource.resourceType())
                        .setResourceName(resource.resourceName());
        String name = resource.resourceName();
        boolean clusterDefault =
                resource.resourceType() == ConfigResourceKey.BROKER && name.isEmpty();
        if (!clusterDefault && !name.equals(Integer.toString(services().nodeId()))) {
            return result.setErrorCode(Errors.INVALID_REQUEST.code())
                    .setErrorMessage(
                            "Unexpected broker id, expected "
                                    + services().nodeId()
                                    + ", but received "
                                    + name);
        }
        if (resource.resourceType() == BROKER_LOGGER) {
            return result; // loggers are changed through the management port
        }
        return result.setConfigs(
                brokerConfigs.describe(
                        clusterDefault,
                        resource.configurationKeys(),
                        asked.includeSynonyms(),
                        asked.includeDocumentation()));
    }
}
