package io.headrace.storage.handler;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Client;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.metrics.ApiMetrics;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.server.ConnectionHandler;
import io.headrace.transport.server.InboundRequest;
import io.headrace.transport.server.ServerConnection;

import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.function.Function;

/**
 * From frames to handlers: makes the handler of each connection.
 *
 * <p>It needs no socket: whoever has a {@link ServerConnection} and {@link InboundRequest}s of its
 * own drives the real handlers with it.
 */
public final class Dispatcher implements Function<ServerConnection, ConnectionHandler> {
    private static final Logger LOG = LoggerFactory.getLogger(Dispatcher.class);

    private final HandlerRegistry registry;
    private final ClusterSecret secret;
    private final ApiMetrics metrics;

    public Dispatcher(HandlerRegistry registry, ClusterSecret secret, ApiMetrics metrics) {
        this.registry = registry;
        this.secret = secret;
        this.metrics = metrics;
    }

    @Override
    public ConnectionHandler apply(ServerConnection connection) {
        return new OfConnection(new Client(connection, secret));
    }

    private final class OfConnection implements ConnectionHandler {
        private final Client client;

        OfConnection(Client client) {
            this.client = client;
        }

        @Override
        public void onRequest(InboundRequest inbound) {
            long startedNanos = System.nanoTime();
            ByteBuffer frame = inbound.frame();
            RequestHead head;
            ApiMessage body;
            Request request;
            ApiHandler handler;
            try {
                head = RequestHead.read(frame);
                int bodyPosition = frame.position();
                request = new Request(head, inbound, client, bodyPosition, metrics, startedNanos);
                if (isUnsupportedApiVersions(head)) {
                    request.replyFrame(unsupportedApiVersions(head));
                    return;
                }
                handler = handlerOf(head);
                if (handler == null) {
                    refuse(
                            inbound,
                            head.api().name() + " v" + head.apiVersion() + " is not served");
                    return;
                }
                body = head.readBody(frame);
            } catch (MalformedFrameException e) {
                LOG.debug("Malformed request", e);
                refuse(inbound, String.valueOf(e.getMessage()));
                return;
            }
            try {
                handler.handle(request, body);
            } catch (RuntimeException e) {
                LOG.error("{} v{} failed", head.api().name(), head.apiVersion(), e);
                request.fail("The handler of " + head.api().name() + " failed");
            }
        }

        private void refuse(InboundRequest inbound, String reason) {
            metrics.onMalformed();
            inbound.fail(reason);
        }

        private @Nullable ApiHandler handlerOf(RequestHead head) {
            ApiHandler handler = registry.find(head.api().key(), head.apiVersion());
            return handler == null || (handler.nodesOnly() && !client.isNode()) ? null : handler;
        }

        @Override
        public void onClose() {
            client.onClose();
        }
    }

    private static boolean isUnsupportedApiVersions(RequestHead head) {
        return head.api().key() == ApiKeys.API_VERSIONS.id && !head.versionKnown();
    }

    /** As KIP-511 says: in version 0, naming the versions of ApiVersions itself. */
    private static OutboundFrame unsupportedApiVersions(RequestHead head) {
        ApiSchema api = ApiCatalog.get(ApiKeys.API_VERSIONS);
        ApiVersionsResponseData.ApiVersionCollection versions =
                new ApiVersionsResponseData.ApiVersionCollection();
        versions.add(
                new ApiVersionsResponseData.ApiVersion()
                        .setApiKey(api.key())
                        .setMinVersion(api.oldestVersion())
                        .setMaxVersion(api.latestVersion()));
        ApiVersionsResponseData body =
                new ApiVersionsResponseData()
                        .setErrorCode(Errors.UNSUPPORTED_VERSION.code())
                        .setApiKeys(versions);
        return MessageWriter.response(api, (short) 0, head.correlationId(), body);
    }
}
