package io.headrace.storage;

import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.FileRange;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.codec.ResponseReader;
import io.headrace.storage.handler.Dispatcher;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.server.ConnectionHandler;
import io.headrace.transport.server.InboundRequest;
import io.headrace.transport.server.ServerConnection;

import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Brings frames to a node's handlers without sockets, each on a connection of its own, many at a
 * time; checks that each is answered by a frame that can be decoded, or its connection refused.
 */
final class FuzzDoor {
    private static final int WINDOW = 200;
    private static final long PATIENCE_S = 30;
    private static final int MAX_SHOWN_BYTES = 512;

    private final Dispatcher dispatcher;
    private final Loop loop;
    private final BiConsumer<ApiMessage, ApiMessage> onAnswer;
    private final Consumer<ApiMessage> onSilence;
    private final List<Input> waiting = new ArrayList<>();
    private long answered;
    private long refused;
    private long unanswered;

    /**
     * @param loop the loop of all connections
     * @param onAnswer hears requests, decoded, and their answers
     * @param onSilence hears requests that ended without an answer, as acks=0 asks
     */
    FuzzDoor(
            Dispatcher dispatcher,
            Loop loop,
            BiConsumer<ApiMessage, ApiMessage> onAnswer,
            Consumer<ApiMessage> onSilence) {
        this.onSilence = onSilence;
        this.dispatcher = dispatcher;
        this.loop = loop;
        this.onAnswer = onAnswer;
    }

    /** How a request ended: one of the two is set, or neither for acks=0. */
    private record Outcome(@Nullable ByteBuffer answer, @Nullable String refusal) {}

    private static final class Input implements InboundRequest {
        final String name;
        final byte[] bytes;
        final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        @Nullable ConnectionHandler handler;
        private final ByteBuffer frame;

        Input(String name, byte[] bytes) {
            this.name = name;
            this.bytes = bytes;
            this.frame = ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
        }

        @Override
        public ByteBuffer frame() {
            return frame;
        }

        @Override
        public void releaseFrame() {
            // Poisoned, so that whoever reads it after is found out.
            for (int i = 0; i < frame.capacity(); i++) {
                frame.put(i, (byte) 0xA5);
            }
        }

        @Override
        public void reply(OutboundFrame answer) {
            try {
                end(new Outcome(ByteBuffer.wrap(join(answer)), null));
            } catch (IOException | RuntimeException e) {
                outcome.completeExceptionally(e);
            } finally {
                answer.release();
            }
        }

        @Override
        public void replyNothing() {
            end(new Outcome(null, null));
        }

        @Override
        public void fail(String reason) {
            end(new Outcome(null, reason));
        }

        private void end(Outcome how) {
            if (!outcome.complete(how)) {
                throw new IllegalStateException("Answered twice");
            }
        }
    }

    private record Connection(Loop loop) implements ServerConnection {
        @Override
        public long id() {
            return 1;
        }

        @Override
        public InetSocketAddress remoteAddress() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 50_000);
        }

        @Override
        public InetSocketAddress localAddress() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), 9092);
        }

        @Override
        public void answerInAnyOrder() {}

        @Override
        public void close(String reason) {}
    }

    /**
     * Sends one input; what it does is checked now or with a later one, at last by {@link #end}.
     */
    void send(String name, byte[] bytes, boolean asNode) {
        Input input = new Input(name, bytes);
        loop.execute(
                () -> {
                    try {
                        ConnectionHandler handler = dispatcher.apply(new Connection(loop));
                        input.handler = handler;
                        if (asNode) {
                            authenticate(handler);
                        }
                        handler.onRequest(input);
                    } catch (Throwable escaped) {
                        input.outcome.completeExceptionally(escaped);
                    }
                });
        waiting.add(input);
        if (waiting.size() >= WINDOW) {
            drain();
        }
    }

    private void authenticate(ConnectionHandler handler) {
        ClusterSecret secret = ClusterSecret.of(FakeCoordinator.SECRET);
        FuzzChannel channel =
                new FuzzChannel(loop, (api, version, body) -> ask(handler, api, version, body));
        new NodeAuthenticator(secret, 7, "coordinator").authenticate(channel).join();
    }

    private static ApiMessage ask(
            ConnectionHandler handler, ApiSchema api, short version, ApiMessage body)
            throws Exception {
        Input input = new Input("", join(MessageWriter.request(api, version, 1, "node", body)));
        handler.onRequest(input);
        ByteBuffer answer = input.outcome.get(PATIENCE_S, TimeUnit.SECONDS).answer();
        if (answer == null) {
            throw new IllegalStateException("The handshake was refused");
        }
        return ResponseReader.read(api, version, answer);
    }

    /** Waits for the rest. */
    void end() {
        drain();
    }

    private void drain() {
        for (Input input : waiting) {
            try {
                check(input);
            } catch (Exception | AssertionError e) {
                throw new AssertionError(
                        "%s, %d bytes: %s"
                                .formatted(
                                        input.name,
                                        input.bytes.length,
                                        HexFormat.of()
                                                .formatHex(
                                                        input.bytes,
                                                        0,
                                                        Math.min(
                                                                input.bytes.length,
                                                                MAX_SHOWN_BYTES))),
                        e);
            }
        }
        waiting.clear();
    }

    private void check(Input input)
            throws InterruptedException, ExecutionException, TimeoutException {
        RequestHead head = null;
        ApiMessage request = null;
        try {
            ByteBuffer copy = ByteBuffer.wrap(input.bytes);
            head = RequestHead.read(copy);
            request = head.versionKnown() ? head.readBody(copy) : null;
        } catch (MalformedFrameException e) {
            request = null;
        }
        boolean mayWait = request instanceof FetchRequestData fetch && fetch.maxWaitMs() > 0;
        if (mayWait && !input.outcome.isDone()) {
            loop.execute(() -> close(input));
            unanswered++;
            return;
        }
        Outcome outcome = input.outcome.get(PATIENCE_S, TimeUnit.SECONDS);
        loop.execute(() -> close(input));
        if (outcome.refusal() != null) {
            refused++;
            if (isOurFault(outcome.refusal())) {
                throw new AssertionError(outcome.refusal());
            }
        } else if (outcome.answer() != null) {
            answered++;
            checkAnswer(head, request, outcome.answer());
        } else {
            unanswered++;
            if (request != null) {
                onSilence.accept(request);
            }
        }
    }

    private static void close(Input input) {
        ConnectionHandler handler = input.handler;
        if (handler != null) {
            handler.onClose();
        }
    }

    /** What the dispatcher says when a handler threw or an answer could not be written. */
    private static boolean isOurFault(String refusal) {
        return refusal.startsWith("The handler of ") || refusal.startsWith("no answer can be");
    }

    private void checkAnswer(
            @Nullable RequestHead head, @Nullable ApiMessage request, ByteBuffer bytes) {
        if (head == null) {
            throw new AssertionError("A frame without a header was answered");
        }
        boolean lenient = head.api().key() == ApiKeys.API_VERSIONS.id && !head.versionKnown();
        try {
            ApiMessage response =
                    ResponseReader.read(head.api(), lenient ? 0 : head.apiVersion(), bytes);
            if (bytes.hasRemaining()) {
                throw new AssertionError(bytes.remaining() + " bytes follow the answer");
            }
            if (request != null) {
                onAnswer.accept(request, response);
            }
        } catch (MalformedFrameException e) {
            throw new AssertionError("The answer cannot be decoded", e);
        }
    }

    private static byte[] join(OutboundFrame frame) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(frame.sizeInBytes());
        for (OutboundFrame.Part part : frame.parts()) {
            switch (part) {
                case OutboundFrame.Bytes piece -> bytes.put(piece.buffer().duplicate());
                case FileRange range -> {
                    ByteBuffer window = bytes.slice(bytes.position(), range.sizeInBytes());
                    while (window.hasRemaining()) {
                        if (range.file().read(window, range.position() + window.position()) < 0) {
                            throw new IOException("The file range ends early");
                        }
                    }
                    bytes.position(bytes.position() + range.sizeInBytes());
                }
            }
        }
        if (bytes.hasRemaining()) {
            throw new IOException("The frame is shorter than it says");
        }
        return bytes.array();
    }

    @Override
    public String toString() {
        return answered + " answered, " + refused + " refused, " + unanswered + " without answer";
    }
}
