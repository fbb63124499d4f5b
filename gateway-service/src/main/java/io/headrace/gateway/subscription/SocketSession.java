package io.headrace.gateway.subscription;

import io.headrace.gateway.config.GatewayProperties;
import io.headrace.gateway.fanout.Delivery;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.problem.Problems;
import io.headrace.gateway.record.BodyBudget;
import io.headrace.gateway.record.ProducerPool;
import io.headrace.gateway.record.Representation;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.reactive.socket.CloseStatus;
import org.springframework.web.reactive.socket.WebSocketMessage;
import org.springframework.web.reactive.socket.WebSocketSession;

import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One WebSocket: many subscriptions, produce, and credit over one connection.
 *
 * <p>One frame is on its way to the network at a time. A subscription reads its next records only
 * when its last frame has left, and the client's frames are read only while answers find room, so a
 * client that takes nothing costs a bounded queue; after a while it is cut off and may resume by
 * its cursors anywhere. State is confined to the connection's event loop.
 */
final class SocketSession {
    private static final Logger LOG = LoggerFactory.getLogger(SocketSession.class);
    private static final int MAX_RECORDS = 1000;

    private final Means means;
    private final WebSocketSession socket;
    private final SocketConnection connection;
    private final Map<String, Reading> readings = new LinkedHashMap<>();
    private final ArrayDeque<Outgoing> outgoing = new ArrayDeque<>();
    private final List<MonoSink<Void>> blocked = new ArrayList<>();
    private boolean draining;
    private boolean sending;
    private long sendingSinceNanos;
    private boolean watched;
    private boolean closed;
    private boolean sentSinceHeartbeat;

    /** What sessions need. */
    record Means(
            Subscription.Opener opener,
            ProducerPool producers,
            BodyBudget budget,
            SlowReaders slowReaders,
            FrameParser parser,
            SharedFrames frames,
            GatewayProperties.Stream options) {}

    private record Outgoing(ByteBuffer frame, Runnable onSent) {}

    SocketSession(Means means, WebSocketSession socket, SocketConnection connection) {
        this.means = means;
        this.socket = socket;
        this.connection = connection;
    }

    /** Serves until either side closes. */
    Mono<Void> run() {
        GatewayProperties.Stream options = means.options();
        step(
                () ->
                        send(
                                ServerFrames.hello(
                                        options.heartbeat().toMillis(),
                                        (int) maxFrameBytes(),
                                        options.maxSubscriptions())));
        step(() -> connection.repeat(this::beat, options.heartbeat().toMillis()));
        return socket.receive()
                .map(this::copy)
                .flatMap(this::onFrame, options.maxPending())
                .then()
                .doFinally(signal -> step(this::close));
    }

    /** A frame of the client; a null text when it is binary. */
    @SuppressWarnings("ArrayRecordComponent") // Handed on, never compared.
    private record Incoming(byte @Nullable [] text, int sizeInBytes) {}

    private Incoming copy(WebSocketMessage message) {
        int size = message.getPayload().readableByteCount();
        if (message.getType() != WebSocketMessage.Type.TEXT || size > maxFrameBytes()) {
            return new Incoming(null, size);
        }
        byte[] bytes = new byte[size];
        message.getPayload().read(bytes);
        return new Incoming(bytes, size);
    }

    private void step(Runnable task) {
        connection.execute(task);
    }

    private void beat() {
        if (!closed && !sending && outgoing.isEmpty() && !sentSinceHeartbeat) {
            send(ServerFrames.heartbeat());
        }
        sentSinceHeartbeat = false;
    }

    private void close() {
        closed = true;
        readings.values().forEach(Reading::close);
        readings.clear();
        outgoing.clear();
        blocked.forEach(MonoSink::success);
        blocked.clear();
        connection.end();
    }

    // What goes out.

    private void send(ByteBuffer frame) {
        send(frame, () -> {});
    }

    private void send(ByteBuffer frame, Runnable onSent) {
        if (closed) {
            return;
        }
        outgoing.add(new Outgoing(frame, onSent));
        drain();
    }

    /** Sends one frame after the other, as fast as the socket takes them. */
    private void drain() {
        if (draining) {
            return;
        }
        draining = true;
        try {
            while (!sending && !closed && !outgoing.isEmpty()) {
                transmit(outgoing.remove());
            }
        } finally {
            draining = false;
        }
    }

    private void transmit(Outgoing next) {
        sending = true;
        sentSinceHeartbeat = true;
        sendingSinceNanos = System.nanoTime();
        watch(means.options().slowReader().toNanos());
        connection.send(
                next.frame(),
                failure -> {
                    if (failure == null) {
                        onSent(next);
                    } else {
                        close();
                    }
                });
    }

    private void onSent(Outgoing sent) {
        sending = false;
        sent.onSent().run();
        if (hasRoom() && !blocked.isEmpty()) {
            List<MonoSink<Void>> freed = List.copyOf(blocked);
            blocked.clear();
            freed.forEach(MonoSink::success);
        }
        drain();
    }

    /** One timer for one frame after the other: most leave long before it ends. */
    private void watch(long delayNanos) {
        if (!watched) {
            watched = true;
            connection.schedule(this::checkProgress, delayNanos);
        }
    }

    private void checkProgress() {
        watched = false;
        if (!sending || closed) {
            return;
        }
        long leftNanos =
                means.options().slowReader().toNanos() - (System.nanoTime() - sendingSinceNanos);
        if (leftNanos > 0) {
            watch(leftNanos);
            return;
        }
        means.slowReaders().onCutOff("A WebSocket client", means.options().slowReader());
        connection.cutOff();
    }

    private boolean hasRoom() {
        return outgoing.size() < means.options().maxPending();
    }

    // What comes in.

    private Mono<Void> onFrame(Incoming frame) {
        return Mono.create(sink -> step(() -> onFrame(frame, sink)));
    }

    private void onFrame(Incoming frame, MonoSink<Void> sink) {
        byte[] text = frame.text();
        if (closed) {
            sink.success();
            return;
        }
        if (frame.sizeInBytes() > maxFrameBytes()) {
            refuseTooBig(sink);
            return;
        }
        if (text == null) {
            answer(
                    ServerFrames.error(
                            null,
                            null,
                            Problem.invalidRequest("Send text frames with JSON, not binary ones.")),
                    sink);
            return;
        }
        try {
            means.budget().take(text.length);
        } catch (RuntimeException e) {
            answer(ServerFrames.error(FrameParser.idOf(text), null, Problems.of(e)), sink);
            return;
        }
        try {
            act(means.parser().parse(text), text.length, sink);
        } catch (RuntimeException e) {
            means.budget().giveBack(text.length);
            answer(ServerFrames.error(FrameParser.idOf(text), null, Problems.of(e)), sink);
        }
    }

    private long maxFrameBytes() {
        return means.options().maxFrame().toBytes();
    }

    private void refuseTooBig(MonoSink<Void> sink) {
        closed = true;
        socket.close(
                        CloseStatus.TOO_BIG_TO_PROCESS.withReason(
                                "A message has at most "
                                        + maxFrameBytes()
                                        + " bytes: send fewer records in each"))
                .subscribe(
                        nothing -> {},
                        error -> LOG.debug("The client is gone", error),
                        sink::success);
    }

    /** Queues an answer; the client's further frames wait until there is room again. */
    private void answer(ByteBuffer frame, MonoSink<Void> sink) {
        send(frame);
        if (hasRoom() || closed) {
            sink.success();
        } else {
            blocked.add(sink);
        }
    }

    private void act(ClientFrame frame, int sizeInBytes, MonoSink<Void> sink) {
        if (frame instanceof ClientFrame.Produce produce) {
            means.producers()
                    .send(ProducerPool.ANONYMOUS, produce.acks(), produce.records())
                    .doFinally(signal -> means.budget().giveBack(sizeInBytes))
                    .subscribe(
                            outcomes ->
                                    step(
                                            () ->
                                                    answer(
                                                            ServerFrames.produced(
                                                                    produce.id(), outcomes),
                                                            sink)),
                            error ->
                                    step(
                                            () ->
                                                    answer(
                                                            ServerFrames.error(
                                                                    produce.id(),
                                                                    null,
                                                                    Problems.of(error)),
                                                            sink)));
            return;
        }
        switch (frame) {
            case ClientFrame.Subscribe subscribe -> subscribe(subscribe);
            case ClientFrame.Unsubscribe unsubscribe -> {
                Reading reading = reading(unsubscribe.sub());
                readings.remove(unsubscribe.sub());
                reading.close();
                send(
                        ServerFrames.unsubscribed(
                                unsubscribe.id(), unsubscribe.sub(), reading.cursor()));
            }
            case ClientFrame.AddCredit credit -> reading(credit.sub()).addCredit(credit);
            case ClientFrame.Ping ping -> send(ServerFrames.pong(ping.id()));
            case ClientFrame.Produce produce ->
                    throw new IllegalStateException("Handled above: " + produce.id());
        }
        means.budget().giveBack(sizeInBytes);
        if (hasRoom()) {
            sink.success();
        } else {
            blocked.add(sink);
        }
    }

    private Reading reading(String sub) {
        Reading reading = readings.get(sub);
        if (reading == null) {
            throw Problem.of(
                            "unknown-subscription",
                            404,
                            "No such subscription",
                            "There is no subscription \"" + sub + "\" on this connection.")
                    .toException();
        }
        return reading;
    }

    private void subscribe(ClientFrame.Subscribe frame) {
        if (readings.containsKey(frame.sub())) {
            throw Problem.of(
                            "subscription-exists",
                            409,
                            "The subscription exists already",
                            "Unsubscribe \"" + frame.sub() + "\" first, or use another name.")
                    .toException();
        }
        if (readings.size() >= means.options().maxSubscriptions()) {
            throw Problem.invalidRequest(
                            "A connection has at most "
                                    + means.options().maxSubscriptions()
                                    + " subscriptions.")
                    .toException();
        }
        Long credit = frame.credit();
        Reading reading =
                new Reading(
                        frame.sub(),
                        frame.as(),
                        credit == null ? Credit.unlimited() : Credit.of(credit),
                        frame.gather());
        readings.put(frame.sub(), reading);
        reading.opening =
                means.opener()
                        .open(frame.selection(), frame.start())
                        .subscribe(
                                opened -> step(() -> reading.onOpened(frame.id(), opened)),
                                error -> step(() -> reading.onFailed(frame.id(), error)));
    }

    /** One subscription at work. */
    private final class Reading {
        private final String sub;
        private final Representation as;
        private final Credit credit;
        private final Duration gather;
        private Disposable opening = Disposables.disposed();
        private @Nullable Subscription subscription;
        private boolean ended;
        private boolean busy;

        Reading(String sub, Representation as, Credit credit, Duration gather) {
            this.sub = sub;
            this.as = as;
            this.credit = credit;
            this.gather = gather;
        }

        String cursor() {
            Subscription opened = subscription;
            return opened == null ? "" : opened.cursor();
        }

        void onOpened(@Nullable String id, Subscription opened) {
            if (ended || closed) {
                opened.close();
                return;
            }
            subscription = opened;
            send(
                    ServerFrames.subscribed(
                            id, sub, opened.topics(), opened.partitionCount(), opened.cursor()),
                    this::proceed);
        }

        void onFailed(@Nullable String id, Throwable error) {
            if (ended) {
                return;
            }
            readings.remove(sub, this);
            close();
            send(ServerFrames.error(id, sub, Problems.of(error)));
        }

        void addCredit(ClientFrame.AddCredit more) {
            credit.add(more.records());
            if (more.id() != null) {
                send(ServerFrames.credited(more.id(), sub, credit.left()));
            }
            proceed();
        }

        /** Reads on, if there is credit and nothing is under way. */
        private void proceed() {
            Subscription opened = subscription;
            if (ended || busy || opened == null) {
                return;
            }
            int records = credit.available(MAX_RECORDS);
            if (records == 0) {
                return;
            }
            busy = true;
            if (opened.isRefreshDue(means.options().refresh())) {
                opened.refresh()
                        .subscribe(
                                change -> step(() -> onRefreshed(change)),
                                error -> step(() -> onFailed(null, error)));
            } else {
                read(opened, records);
            }
        }

        private void next() {
            busy = false;
            proceed();
        }

        private void onRefreshed(Subscription.Change change) {
            if (!change.isEmpty() && !ended) {
                send(ServerFrames.changed(sub, change.added(), change.removed()), this::next);
            } else {
                next();
            }
        }

        private void read(Subscription opened, int records) {
            GatewayProperties.Stream options = means.options();
            opened.next(records, options.batchBytes().toBytes(), options.refresh(), gather)
                    .subscribe(
                            delivery -> step(() -> onDelivery(opened, delivery)),
                            error -> step(() -> onFailed(null, error)));
        }

        private void onDelivery(Subscription opened, Delivery delivery) {
            if (ended) {
                return;
            }
            opened.onDelivered(delivery);
            if (delivery.records().isEmpty() && delivery.gaps().isEmpty()) {
                next();
                return;
            }
            credit.spend(delivery.records().size());
            send(
                    means.frames()
                            .records(sub, as, delivery, opened::cursor, opened.cursorTopics()),
                    this::next);
        }

        void close() {
            ended = true;
            opening.dispose();
            if (subscription != null) {
                subscription.close();
            }
        }
    }
}
