package io.headrace.storage.handler.describe;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Nodes;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.FindCoordinatorResponseData.Coordinator;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * FindCoordinator: a live storage node for each key, the same from every node. It forwards to the
 * coordinator that owns the key, wherever that is.
 */
final class FindCoordinatorHandler implements ApiHandler {
    private static final byte GROUP = 0;
    private static final byte TRANSACTION = 1;
    private static final byte SHARE = 2;
    private static final Pattern SHARE_KEY = Pattern.compile(".+:[A-Za-z0-9_-]{22}:\\d{1,10}");

    private final Services services;

    FindCoordinatorHandler(Services services) {
        this.services = services;
    }

    @Override
    public ApiSchema api() {
        return ApiCatalog.get(ApiKeys.FIND_COORDINATOR);
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        FindCoordinatorRequestData asked = (FindCoordinatorRequestData) body;
        List<Nodes.Address> live = Nodes.live(services, request);
        FindCoordinatorResponseData response = new FindCoordinatorResponseData();
        if (request.version() >= 4) {
            List<Coordinator> coordinators = new ArrayList<>(asked.coordinatorKeys().size());
            for (String key : asked.coordinatorKeys()) {
                coordinators.add(find(request, live, asked.keyType(), key));
            }
            request.reply(response.setCoordinators(coordinators));
            return;
        }
        Coordinator found = find(request, live, asked.keyType(), asked.key());
        request.reply(
                response.setErrorCode(found.errorCode())
                        .setErrorMessage(found.errorMessage())
                        .setNodeId(found.nodeId())
                        .setHost(found.host())
                        .setPort(found.port()));
    }

    private static Coordinator find(
            Request request, List<Nodes.Address> live, byte keyType, String key) {
        Errors error = problem(request.version(), keyType, key);
        Nodes.@Nullable Address node =
                error == Errors.NONE ? Nodes.byKey(live, keyType, key) : null;
        if (node == null) {
            Errors told = error == Errors.NONE ? Errors.COORDINATOR_NOT_AVAILABLE : error;
            return new Coordinator()
                    .setKey(key)
                    .setErrorCode(told.code())
                    .setErrorMessage(told.message())
                    .setNodeId(-1)
                    .setHost("")
                    .setPort(-1);
        }
        return new Coordinator()
                .setKey(key)
                .setNodeId(node.nodeId())
                .setHost(node.host())
                .setPort(node.port());
    }

    private static Errors problem(short version, byte keyType, String key) {
        return switch (keyType) {
            case GROUP, TRANSACTION -> Errors.NONE;
            case SHARE ->
                    version >= 6 && SHARE_KEY.matcher(key).matches()
                            ? Errors.NONE
                            : Errors.INVALID_REQUEST;
            default -> Errors.INVALID_REQUEST;
        };
    }
}
