package io.headrace.storage.handler.describe;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.DescribeClusterRequestData;
import org.apache.kafka.common.message.DescribeClusterResponseData;
import org.apache.kafka.common.message.DescribeClusterResponseData.DescribeClusterBroker;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** DescribeCluster: the storage nodes; coordinators are not exposed (KIP-700, KIP-919). */
final class DescribeClusterHandler implements ApiHandler {
    private static final byte BROKERS = 1;

    private final Services services;

    DescribeClusterHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.DESCRIBE_CLUSTER);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        DescribeClusterRequestData asked = (DescribeClusterRequestData) body;
        DescribeClusterResponseData response =
                new DescribeClusterResponseData().setEndpointType(asked.endpointType());
        if (asked.endpointType() != BROKERS) {
            request.reply(
                    response.setErrorCode(
                                    request.version() == 0
                                            ? Errors.INVALID_REQUEST.code()
                                            : Errors.MISMATCHED_ENDPOINT_TYPE.code())
                            .setErrorMessage("This address is of a node of type BROKERS"));
            return;
        }
        response.setClusterId(services.image().clusterId())
                .setControllerId(Nodes.controllerId(services));
        if (asked.includeClusterAuthorizedOperations()) {
            response.setClusterAuthorizedOperations(AuthorizedOperations.CLUSTER);
        }
        for (NodeImage node : services.image().nodes().values()) {
            Nodes.Address address = Nodes.addressOf(services, request, node);
            if (address != null && (!node.fenced() || asked.includeFencedBrokers())) {
                response.brokers()
                        .add(
                                new DescribeClusterBroker()
                                        .setBrokerId(node.nodeId())
                                        .setHost(address.host())
                                        .setPort(address.port())
                                        .setRack(node.rack())
                                        .setIsFenced(node.fenced()));
            }
        }
        request.reply(response);
    }
}
