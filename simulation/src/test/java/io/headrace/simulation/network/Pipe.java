package io.headrace.simulation.network;

import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.ResponseReader;
import io.headrace.transport.channel.ChannelClosedException;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.RequestTimeoutException;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** One connection: the client's end is a {@link ClientChannel}, as the services use it. */
final class Pipe implements ClientChannel {
    private final Wire wire;
    private final long id;
    private final Host client;
    private final Loop loop;
    private final Host server;
    private final InetSocketAddress address;
    private final ChannelOptions options;
    private final ServerEnd serverEnd;
    private final Direction toServer;
    private final Direction toClient;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final Map<Integer, Waiting> waiting = new LinkedHashMap<>();
    private int nextCorrelationId;
    private boolean open;
    private boolean clientEnded;
    private boolean serverEnded;

    private record Waiting(
            ApiSchema api, CompletableFuture<ByteBuffer> answer, Loop.ScheduledTask timeout) {}

    /** One way: frames arrive in the order in which they were sent, or wait for a cut's end. */
    private final class Direction {
        private final Host from;
        private final Host to;
        private final ArrayDeque<Runnable> onTheWay = new ArrayDeque<>();
        private int stalled;
        private long lastArrivalMs;
        private boolean lost;

        Direction(Host from, Host to) {
            this.from = from;
            this.to = to;
        }

        void send(Runnable arrival) {
            if (lost) {
                return;
            }
            if (wire.losesFrame()) {
                lost = true;
                breakSoon();
            } else {
                onTheWay.add(arrival);
                sendOn();
            }
        }

        /** One more of those on the way arrives after a while. */
        private void sendOn() {
            long nowMs = wire.world().nowMs();
            long delayMs = wire.delayMs() + wire.slownessMs(from.name(), to.name());
            lastArrivalMs = Math.max(lastArrivalMs, nowMs + delayMs);
            wire.world().after(lastArrivalMs - nowMs, this::arrive);
        }

        private void arrive() {
            if (wire.isCut(from.name(), to.name())) {
                stalled++;
            } else {
                Runnable first = onTheWay.remove();
                if (to.isAlive()) {
                    first.run();
                }
            }
        }

        void goOn() {
            int now = stalled;
            stalled = 0;
            for (int i = 0; i < now; i++) {
                sendOn();
            }
        }
    }

    Pipe(
            Wire wire,
            long id,
            Host client,
            Loop loop,
            Host server,
            InetSocketAddress address,
            ChannelOptions options) {
        this.wire = wire;
        this.id = id;
        this.client = client;
        this.loop = loop;
        this.server = server;
        this.address = address;
        this.options = options;
        this.toServer = new Direction(client, server);
        this.toClient = new Direction(server, client);
        this.serverEnd = new ServerEnd(this, server, server.nextDoorLoop());
    }

    long id() {
        return id;
    }

    Wire wire() {
        return wire;
    }

    String clientName() {
        return client.name();
    }

    void open(CompletableFuture<ClientChannel> result) {
        open = true;
        serverEnd.open();
        toClient.send(() -> loop.execute(() -> result.complete(this)));
    }

    // The client's end.

    @Override
    public CompletableFuture<ByteBuffer> send(
            ApiSchema api, short version, ApiMessage body, Duration timeout) {
        CompletableFuture<ByteBuffer> answer = new CompletableFuture<>();
        loop.run(() -> write(api, version, body, timeout, answer));
        return answer;
    }

    @Override
    public <T extends ApiMessage> CompletableFuture<T> call(
            ApiSchema api, short version, ApiMessage body, Class<T> response, Duration timeout) {
        CompletableFuture<T> result = new CompletableFuture<>();
        send(api, version, body, timeout)
                .whenComplete(
                        (frame, failure) -> {
                            if (failure != null) {
                                result.completeExceptionally(failure);
                                return;
                            }
                            try {
                                ApiMessage answer = ResponseReader.read(api, version, frame);
                                if (wire.tamper().touches(api.key())) {
                                    wire.tamper()
                                            .onAnswer(
                                                    client.name(),
                                                    server.name(),
                                                    api.key(),
                                                    answer);
                                }
                                result.complete(response.cast(answer));
                            } catch (MalformedFrameException | ClassCastException e) {
                                result.completeExceptionally(e);
                            }
                        });
        return result;
    }

    @Override
    public void sendOneWay(ApiSchema api, short version, ApiMessage body) {
        loop.run(() -> write(api, version, body, options.requestTimeout(), null));
    }

    private void write(
            ApiSchema api,
            short version,
            ApiMessage body,
            Duration timeout,
            @Nullable CompletableFuture<ByteBuffer> answer) {
        if (!open) {
            if (answer != null) {
                answer.completeExceptionally(
                        new ChannelClosedException("Not connected to " + address, false));
            }
            return;
        }
        int correlationId = nextCorrelationId++;
        OutboundFrame frame;
        try {
            frame = MessageWriter.request(api, version, correlationId, options.clientId(), body);
        } catch (RuntimeException e) {
            if (answer != null) {
                answer.completeExceptionally(e);
            }
            return;
        }
        if (answer != null) {
            Loop.ScheduledTask late =
                    loop.schedule(() -> onTimeout(correlationId), timeout.toMillis());
            waiting.put(correlationId, new Waiting(api, answer, late));
        }
        ByteBuffer bytes = ServerEnd.join(frame);
        wire.onSend(client.name(), server.name(), api.key(), body);
        toServer.send(() -> serverEnd.onFrame(bytes));
    }

    private void onTimeout(int correlationId) {
        Waiting request = waiting.remove(correlationId);
        if (request != null) {
            request.answer()
                    .completeExceptionally(
                            new RequestTimeoutException(
                                    "No answer to " + request.api().name() + " from " + address));
        }
    }

    /** The server's answer leaves. */
    void answer(ByteBuffer frame) {
        toClient.send(() -> loop.execute(() -> onAnswer(frame)));
    }

    private void onAnswer(ByteBuffer frame) {
        Waiting request = open ? waiting.remove(frame.getInt(0)) : null;
        if (request != null) {
            wire.world()
                    .traceFrame(
                            '<',
                            request.api().name(),
                            server.name(),
                            client.name(),
                            id,
                            frame.getInt(0),
                            frame.remaining());
            request.timeout().cancel();
            request.answer().complete(frame);
        }
    }

    // The end.

    private void breakSoon() {
        wire.world().after(wire.world().between(1, 2_000), this::breakForClient);
        wire.world().after(wire.world().between(1, 2_000), serverEnd::onClosed);
    }

    private void breakForClient() {
        loop.execute(this::onClosed);
    }

    private void onClosed() {
        if (!open) {
            return;
        }
        open = false;
        clientEnded = true;
        forgetIfOver();
        closed.complete(null);
        List<Waiting> unanswered = new ArrayList<>(waiting.values());
        waiting.clear();
        for (Waiting request : unanswered) {
            request.timeout().cancel();
            request.answer()
                    .completeExceptionally(
                            new ChannelClosedException(
                                    "The connection to " + address + " ended", true));
        }
    }

    void closeByClient() {
        loop.execute(this::onClosed);
        toServer.send(serverEnd::onClosed);
    }

    void closeByServer() {
        serverEnd.onClosed();
        toClient.send(this::breakForClient);
    }

    /** The accepting end is closed. */
    void onServerEnded() {
        serverEnded = true;
        forgetIfOver();
    }

    /** Until both ends are over, what a cut holds up may still arrive. */
    private void forgetIfOver() {
        if (clientEnded && serverEnded) {
            wire.forget(this);
        }
    }

    /**
     * A process died. If its machine lives, its system ends the connection after the last bytes it
     * was given, however long these take; else the other end notices when it pleases chance.
     */
    void onDeath(Host host, boolean machineLives, long noticedAfterMs) {
        if (host == server) {
            if (machineLives) {
                toClient.send(this::breakForClient);
            } else {
                wire.world().after(noticedAfterMs, this::breakForClient);
            }
            onServerEnded();
        }
        if (host == client) {
            if (machineLives) {
                toServer.send(serverEnd::onClosed);
            } else {
                wire.world().after(noticedAfterMs, serverEnd::onClosed);
            }
            open = false;
            clientEnded = true;
            forgetIfOver();
        }
    }

    void onShut(Host host) {
        if (host == server) {
            closeByServer();
        }
    }

    void goOn() {
        toServer.goOn();
        toClient.goOn();
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public boolean isWritable() {
        return open;
    }

    @Override
    public CompletableFuture<Void> closed() {
        return closed;
    }

    @Override
    public void close() {
        closeByClient();
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public InetSocketAddress address() {
        return address;
    }

    @Override
    public ChannelOptions options() {
        return options;
    }
}
