package io.headrace.storage.handler.request;

import io.headrace.protocol.codec.ErrorResponses;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.storage.metrics.ApiMetrics;
import io.headrace.transport.server.InboundRequest;

import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** One request of a client, its header read. Answering is possible from any thread, once. */
public final class Request {
    private static final Logger LOG = LoggerFactory.getLogger(Request.class);

    private final RequestHead head;
    private final InboundRequest inbound;
    private final Client client;
    private final ApiMetrics metrics;
    private final long startedNanos;
    private final int bodyPosition;

    /**
     * @param bodyPosition where the body begins in the frame
     */
    public Request(
            RequestHead head,
            InboundRequest inbound,
            Client client,
            int bodyPosition,
            ApiMetrics metrics,
            long startedNanos) {
        this.head = head;
        this.inbound = inbound;
        this.client = client;
        this.bodyPosition = bodyPosition;
        this.metrics = metrics;
        this.startedNanos = startedNanos;
    }

    public RequestHead head() {
        return head;
    }

    public short version() {
        return head.apiVersion();
    }

    public Client client() {
        return client;
    }

    /** The whole request, header and body; only before the frame is released. */
    public ByteBuffer frame() {
        return inbound.frame().duplicate().position(0);
    }

    /**
     * Gives the request's memory back; nothing decoded from it that shares it may be used after.
     */
    public void releaseFrame() {
        inbound.releaseFrame();
    }

    /** Answers; a response that this version of the API cannot carry ends the connection. */
    public void reply(ApiMessage response) {
        OutboundFrame frame;
        try {
            frame = MessageWriter.response(head, response);
        } catch (RuntimeException e) {
            LOG.error("Cannot answer {} version {}", head.api().name(), head.apiVersion(), e);
            fail("no answer can be written");
            return;
        }
        replyFrame(frame);
    }

    /**
     * Answers elsewhere; when making the answer fails, the connection ends and the log says why.
     */
    public void replyFrom(Executor executor, Supplier<? extends ApiMessage> answer) {
        executor.execute(
                () -> {
                    ApiMessage response;
                    try {
                        response = answer.get();
                    } catch (RuntimeException e) {
                        LOG.error("{} v{} failed", head.api().name(), head.apiVersion(), e);
                        fail("The handler of " + head.api().name() + " failed");
                        return;
                    }
                    reply(response);
                });
    }

    /** Answers with a frame that carries its own header. */
    public void replyFrame(OutboundFrame frame) {
        metrics.onAnswered(head.api().key(), System.nanoTime() - startedNanos, frame.sizeInBytes());
        inbound.reply(frame);
    }

    public void replyNothing() {
        metrics.onAnswered(head.api().key(), System.nanoTime() - startedNanos, 0);
        inbound.replyNothing();
    }

    /** Closes the connection. */
    public void fail(String reason) {
        inbound.fail(reason);
    }

    /**
     * The answer that carries the error wherever the API has room for it, or null when the API has
     * none; at any time.
     *
     * @param wholeFrame the bytes of {@link #frame}, or a copy of them
     */
    public @Nullable ApiMessage errorResponse(
            ByteBuffer wholeFrame, Errors error, @Nullable String message) {
        ByteBuffer body = wholeFrame.duplicate().position(bodyPosition);
        try {
            return ErrorResponses.of(head, body, error, message);
        } catch (MalformedFrameException e) {
            return null; // decoded before, so this is an API without an error of its own
        }
    }

    /** Answers with the error, or closes the connection when the API has no room for it. */
    public void replyError(Errors error, @Nullable String message) {
        ApiMessage response = errorResponse(frame(), error, message);
        if (response == null) {
            fail(head.api().name() + " failed: " + error);
        } else {
            reply(response);
        }
    }
}
