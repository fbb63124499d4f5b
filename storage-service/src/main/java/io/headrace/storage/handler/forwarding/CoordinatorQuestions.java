package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.forward.Forwarder;
import io.headrace.storage.forward.Forwarder.Letter;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** What this node asks coordinators on its own behalf, in the envelope of clients' requests. */
public final class CoordinatorQuestions {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final String CLIENT_ID = "storage";

    private CoordinatorQuestions() {}

    /** The answer; fails when there is none in time. */
    public static <R extends ApiMessage> CompletableFuture<R> ask(
            Services services,
            ForwardTarget target,
            ApiKeys key,
            short version,
            ApiMessage question,
            Class<R> answerType) {
        return ask(services.forwarder(), target, key, version, question, answerType);
    }

    /** As above, before there are all services. */
    public static <R extends ApiMessage> CompletableFuture<R> ask(
            Forwarder forwarder,
            ForwardTarget target,
            ApiKeys key,
            short version,
            ApiMessage question,
            Class<R> answerType) {
        ApiSchema api = ApiCatalog.get(key);
        ByteBuffer frame = Frames.join(MessageWriter.request(api, version, 0, CLIENT_ID, question));
        return forwarder
                .forward(
                        new Letter(
                                target,
                                frame,
                                InetAddress.getLoopbackAddress(),
                                TIMEOUT,
                                () -> false,
                                Errors.NETWORK_EXCEPTION))
                .thenApply(
                        answer -> {
                            try {
                                return answerType.cast(ResponseReader.read(api, version, answer));
                            } catch (MalformedFrameException e) {
                                throw new CompletionException(e);
                            }
                        });
    }
}
