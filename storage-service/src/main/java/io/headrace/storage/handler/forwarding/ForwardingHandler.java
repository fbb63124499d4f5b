package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.storage.forward.ForwardException;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.forward.Forwarder;
import io.headrace.storage.forward.Forwarder.Letter;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Client;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.function.Function;

/**
 * Any API that a coordinator serves: passes the request on as it came and relays the answer.
 * Subclasses say whom to ask.
 */
public class ForwardingHandler implements ApiHandler {
    private static final Logger LOG = LoggerFactory.getLogger(ForwardingHandler.class);

    private final Services services;
    private final ApiSchema api;
    private final Errors onLost;
    private final Function<ApiMessage, ForwardTarget> target;

    /**
     * @param onLost what a client is told when the outcome is unknown; retriable
     * @param target whom to ask
     */
    ForwardingHandler(
            Services services,
            ApiKeys api,
            Errors onLost,
            Function<ApiMessage, ForwardTarget> target) {
        this.services = services;
        this.api = ApiCatalog.get(api);
        this.onLost = onLost;
        this.target = target;
    }

    @Override
    public final ApiSchema api() {
        return api;
    }

    final Services services() {
        return services;
    }

    @Override
    public void handle(Request request, ApiMessage body) {
        forward(request, body, target.apply(body));
    }

    /** Passes the request on and relays the answer. */
    final void forward(Request request, ApiMessage body, ForwardTarget to) {
        ByteBuffer frame = copy(request.frame());
        request.releaseFrame();
        services.forwarder()
                .forward(letter(request, body, to, frame))
                .whenComplete((answer, failure) -> relay(request, frame, answer, failure));
    }

    final Letter letter(Request request, ApiMessage body, ForwardTarget to, ByteBuffer frame) {
        Client client = request.client();
        return new Letter(
                to,
                frame,
                client.connection().remoteAddress().getAddress(),
                ForwardTimeouts.of(body),
                client::isGone,
                onLost);
    }

    private void relay(
            Request request,
            ByteBuffer frame,
            @Nullable ByteBuffer answer,
            @Nullable Throwable failure) {
        if (answer != null) {
            request.replyFrame(OutboundFrame.of(answer));
            return;
        }
        ForwardException known = failure == null ? null : Forwarder.asForwardException(failure);
        if (known == null) {
            LOG.error("Forwarding {} failed", api.name(), failure);
        } else {
            LOG.debug("No answer to {}: {}", api.name(), known.getMessage());
        }
        ApiMessage lost = request.errorResponse(frame, onLost, null);
        if (lost == null) {
            request.fail("No coordinator answered " + api.name());
        } else {
            request.reply(lost);
        }
    }

    private static ByteBuffer copy(ByteBuffer frame) {
        return ByteBuffer.allocate(frame.remaining()).put(frame).flip();
    }
}
