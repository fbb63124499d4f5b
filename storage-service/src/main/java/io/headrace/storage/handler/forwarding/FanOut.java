package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.codec.ErrorResponses;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.codec.ResponseReader;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.forward.Forwarder.Letter;
import io.headrace.storage.handler.request.Client;
import io.headrace.storage.handler.request.Request;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** Requests of which parts go to different coordinators. */
final class FanOut {
    private FanOut() {}

    /** Sends one part; its answer, or the answer that carries the error. Never fails. */
    static CompletableFuture<ApiMessage> send(
            Services services, Request request, ApiMessage part, ForwardTarget to, Errors onLost) {
        RequestHead head = request.head();
        Client client = request.client();
        Letter letter =
                new Letter(
                        to,
                        Frames.request(head, part),
                        client.connection().remoteAddress().getAddress(),
                        ForwardTimeouts.of(part),
                        client::isGone,
                        onLost);
        return services.forwarder()
                .forward(letter)
                .handle((answer, failure) -> decode(head, part, answer, onLost));
    }

    private static ApiMessage decode(
            RequestHead head, ApiMessage part, @Nullable ByteBuffer answer, Errors onLost) {
        try {
            if (answer != null) {
                return ResponseReader.read(head.api(), head.apiVersion(), answer);
            }
        } catch (MalformedFrameException e) {
            return lost(head, part, Errors.UNKNOWN_SERVER_ERROR);
        }
        return lost(head, part, onLost);
    }

    private static ApiMessage lost(RequestHead head, ApiMessage part, Errors error) {
        try {
            ApiMessage response =
                    ErrorResponses.of(
                            head, MessageWriter.bytes(part, head.apiVersion()), error, null);
            if (response != null) {
                return response;
            }
        } catch (MalformedFrameException e) {
            throw new IllegalStateException("Cannot read what was just written", e);
        }
        throw new IllegalStateException(head.api().name() + " has no error response");
    }
}
