package io.headrace.coordinator.handler;

import io.headrace.coordinator.metadata.Controller;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.message.AuthenticateNodeRequestData;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeHandshake;
import io.headrace.transport.server.ConnectionHandler;
import io.headrace.transport.server.InboundRequest;
import io.headrace.transport.server.ServerConnection;

import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersion;
import org.apache.kafka.common.message.ApiVersionsResponseData.ApiVersionCollection;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Map;

/**
 * A connection of a node. Before the node has proved itself, only the handshake and ApiVersions are
 * answered. Confined to the connection's loop.
 */
final class NodeConnection implements ConnectionHandler {
    private static final Logger log = LoggerFactory.getLogger(NodeConnection.class);

    private final ServerConnection connection;
    private final NodeHandshake handshake;
    private final Controller controller;
    private final Map<Short, NodeHandler> handlers;
    private int polledNodeId = -1;
    private long polledNodeEpoch = -1;

    NodeConnection(
            ServerConnection connection,
            ClusterSecret secret,
            Controller controller,
            Map<Short, NodeHandler> handlers) {
        this.connection = connection;
        this.handshake = new NodeHandshake(secret);
        this.controller = controller;
        this.handlers = handlers;
    }

    ServerConnection connection() {
        return connection;
    }

    /** Remembers which incarnation polls the metadata log over this connection. */
    void onPoll(int nodeId, long nodeEpoch) {
        polledNodeId = nodeId;
        polledNodeEpoch = nodeEpoch;
    }

    @Override
    public void onRequest(InboundRequest request) {
        RequestHead head;
        ApiMessage body;
        try {
            head = RequestHead.read(request.frame());
            if (!head.versionKnown()) {
                onUnknownVersion(head, request);
                return;
            }
            body = head.readBody(request.frame());
        } catch (MalformedFrameException e) {
            request.fail(Failures.message(e));
            return;
        }
        short key = head.api().key();
        if (key == ApiKeys.API_VERSIONS.id) {
            request.reply(MessageWriter.response(head, apiVersions()));
        } else if (key == ApiCatalog.AUTHENTICATE_NODE) {
            var answer = handshake.onRequest((AuthenticateNodeRequestData) body);
            request.reply(MessageWriter.response(head, answer));
        } else if (handshake.peer() == null) {
            request.fail(head.api().name() + " before the node has proved itself");
        } else {
            dispatch(new NodeRequest(this, head, body, request));
        }
    }

    private void dispatch(NodeRequest request) {
        NodeHandler handler = handlers.get(request.head().api().key());
        short version = request.head().apiVersion();
        if (handler == null || version < handler.minVersion() || version > handler.maxVersion()) {
            request.inbound()
                    .fail(request.head().api().name() + " version " + version + " is not served");
            return;
        }
        handler.handle(request);
    }

    private void onUnknownVersion(RequestHead head, InboundRequest request) {
        if (head.api().key() == ApiKeys.API_VERSIONS.id) {
            // KIP-511: answered in version 0, which every client understands.
            ApiVersionsResponseData answer =
                    apiVersions().setErrorCode(Errors.UNSUPPORTED_VERSION.code());
            request.reply(
                    MessageWriter.response(head.api(), (short) 0, head.correlationId(), answer));
        } else {
            request.fail(head.api().name() + " version " + head.apiVersion() + " is unknown");
        }
    }

    private ApiVersionsResponseData apiVersions() {
        ApiVersionCollection versions = new ApiVersionCollection();
        for (short key : new short[] {ApiKeys.API_VERSIONS.id, ApiCatalog.AUTHENTICATE_NODE}) {
            versions.add(
                    new ApiVersion()
                            .setApiKey(key)
                            .setMinVersion(ApiCatalog.get(key).oldestVersion())
                            .setMaxVersion(ApiCatalog.get(key).latestVersion()));
        }
        for (NodeHandler handler : handlers.values()) {
            versions.add(
                    new ApiVersion()
                            .setApiKey(handler.apiKey())
                            .setMinVersion(handler.minVersion())
                            .setMaxVersion(handler.maxVersion()));
        }
        return new ApiVersionsResponseData().setApiKeys(versions);
    }

    @Override
    public void onClose() {
        handlers.values().forEach(handler -> handler.onClosed(connection.id()));
        if (polledNodeId >= 0) {
            log.debug("The connection of node {} closed", polledNodeId);
            controller.onDisconnect(polledNodeId, polledNodeEpoch);
        }
    }
}
