package io.headrace.storage.forward;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.transport.channel.ChannelClosedException;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.RequestTimeoutException;

import org.apache.kafka.common.message.DefaultPrincipalData;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Sends clients' requests to coordinators in envelopes (KIP-590) and brings the answers back.
 *
 * <p>Requests of one client connection leave in the order they came, because a link keeps the order
 * of its sends, and what comes while others for the same place wait to be sent once more waits
 * behind them; answers may come in any order.
 */
public final class Forwarder {
    private static final ApiSchema ENVELOPE = ApiCatalog.get(ApiKeys.ENVELOPE);
    private static final short ENVELOPE_VERSION = 0;
    private static final long FIRST_RETRY_PAUSE_MS = 10;
    private static final long LONGEST_RETRY_PAUSE_MS = 50;

    /** Who is not sent back for so long has been taken; others need not wait for its answer. */
    private static final long PROBE_MS = 20;

    /** The principal of every client while there is no security; nobody writes to it. */
    private static final byte[] ANONYMOUS = anonymous();

    private final CoordinatorLinks links;
    private final LongSupplier clockMs;
    private final int maxPending;
    private final AtomicInteger pending = new AtomicInteger();

    /** What waits to be sent once more, by where to. Confined to the links' loop. */
    private final Map<ForwardTarget, Returned> returned = new HashMap<>();

    private long lastNumber;

    /**
     * @param maxPending how many requests may wait for coordinators at a time; more are refused
     */
    public Forwarder(CoordinatorLinks links, LongSupplier clockMs, int maxPending) {
        this.links = links;
        this.clockMs = clockMs;
        this.maxPending = maxPending;
    }

    /**
     * A request on its way.
     *
     * @param frame the client's whole request, header and body, in memory that stays
     * @param clientGone whether nobody waits for the answer any more
     * @param onLost what the client is told when the outcome is unknown
     */
    public record Letter(
            ForwardTarget target,
            ByteBuffer frame,
            InetAddress clientAddress,
            Duration timeout,
            BooleanSupplier clientGone,
            Errors onLost) {}

    /** A request between here and its coordinator. Confined to the links' loop. */
    private static final class Trip {
        private final Letter letter;
        private final EnvelopeRequestData envelope;
        private final long deadlineMs;
        private final CompletableFuture<ByteBuffer> result;
        private long number;
        private int returns;

        Trip(
                Letter letter,
                EnvelopeRequestData envelope,
                long deadlineMs,
                CompletableFuture<ByteBuffer> result) {
            this.letter = letter;
            this.envelope = envelope;
            this.deadlineMs = deadlineMs;
            this.result = result;
        }

        void fail(Errors error, String message) {
            result.completeExceptionally(new ForwardException(error, message));
        }

        long nextPauseMs() {
            return Math.min(LONGEST_RETRY_PAUSE_MS, FIRST_RETRY_PAUSE_MS << Math.min(returns, 8));
        }
    }

    /**
     * Requests for one place that did not take them, in the order they came first. One of them goes
     * ahead: were they sent together, that place could refuse the first and take the second.
     */
    private static final class Returned {
        private final TreeMap<Long, Trip> trips = new TreeMap<>();
        private int probe;
        private boolean scheduled;
    }

    /** How many requests wait for coordinators. */
    public int pendingCount() {
        return pending.get();
    }

    /**
     * Sends a request, to the right coordinator however long that takes to be found within the
     * timeout.
     *
     * @return the answer's whole frame, header and body; or {@link ForwardException}
     */
    public CompletableFuture<ByteBuffer> forward(Letter letter) {
        CompletableFuture<ByteBuffer> result = new CompletableFuture<>();
        if (pending.incrementAndGet() > maxPending) {
            pending.decrementAndGet();
            result.completeExceptionally(
                    new ForwardException(letter.onLost(), "Too many requests wait already"));
            return result;
        }
        result.whenComplete((answer, failure) -> pending.decrementAndGet());
        EnvelopeRequestData envelope =
                new EnvelopeRequestData()
                        .setRequestData(letter.frame())
                        .setRequestPrincipal(ANONYMOUS)
                        .setClientHostAddress(letter.clientAddress().getAddress());
        long deadlineMs = clockMs.getAsLong() + letter.timeout().toMillis();
        Trip trip = new Trip(letter, envelope, deadlineMs, result);
        links.loop().execute(() -> begin(trip));
        return result;
    }

    /** The principal as Kafka serializes it. */
    private static byte[] anonymous() {
        short version = DefaultPrincipalData.HIGHEST_SUPPORTED_VERSION;
        DefaultPrincipalData data =
                new DefaultPrincipalData()
                        .setType("User")
                        .setName("ANONYMOUS")
                        .setTokenAuthenticated(false);
        ByteBuffer body = MessageWriter.bytes(data, version);
        return ByteBuffer.allocate(Short.BYTES + body.remaining())
                .putShort(version)
                .put(body)
                .array();
    }

    private void begin(Trip trip) {
        trip.number = ++lastNumber;
        proceed(trip);
    }

    /** Sends it, unless others for the same place wait to be sent once more. */
    private void proceed(Trip trip) {
        Returned before = returned.isEmpty() ? null : returned.get(trip.letter.target());
        if (before == null) {
            attempt(trip);
        } else {
            before.trips.put(trip.number, trip);
        }
    }

    private void attempt(Trip trip) {
        if (trip.letter.clientGone().getAsBoolean()) {
            trip.fail(trip.letter.onLost(), "The client has left");
            return;
        }
        CompletableFuture<ClientChannel> opening =
                switch (trip.letter.target()) {
                    case ForwardTarget.Controller controller -> links.controller();
                    case ForwardTarget.Shard(byte kind, int shard) -> links.owner(kind, shard);
                    case ForwardTarget.FirstUse(byte kind, String topic, String key) ->
                            links.owner(kind, topic, key);
                    case ForwardTarget.Coordinator(var image) -> links.channel(image);
                };
        if (opening.isDone() && !opening.isCompletedExceptionally()) {
            send(opening.join(), trip);
            return;
        }
        opening.whenComplete(
                (channel, failure) ->
                        links.loop()
                                .run(
                                        () -> {
                                            if (failure == null) {
                                                send(channel, trip);
                                            } else {
                                                retry(trip, failure);
                                            }
                                        }));
    }

    private void send(ClientChannel channel, Trip trip) {
        long leftMs = Math.max(1, trip.deadlineMs - clockMs.getAsLong());
        channel.call(
                        ENVELOPE,
                        ENVELOPE_VERSION,
                        trip.envelope,
                        EnvelopeResponseData.class,
                        Duration.ofMillis(leftMs))
                .whenComplete(
                        (answer, failure) ->
                                links.loop()
                                        .run(
                                                () -> {
                                                    if (failure == null) {
                                                        onAnswer(channel, answer, trip);
                                                    } else {
                                                        onFailure(failure, trip);
                                                    }
                                                }));
    }

    private void onAnswer(ClientChannel channel, EnvelopeResponseData answer, Trip trip) {
        Errors error = Errors.forCode(answer.errorCode());
        ByteBuffer response = answer.responseData();
        if (error == Errors.NONE && response != null) {
            trip.result.complete(response);
        } else if (error == Errors.NOT_CONTROLLER || error == Errors.NOT_COORDINATOR) {
            // It was not executed, so another may be asked.
            if (error == Errors.NOT_CONTROLLER) {
                links.onNotController(channel.address(), -1);
            }
            retry(trip, error.exception());
        } else {
            trip.fail(
                    error == Errors.NONE ? Errors.UNKNOWN_SERVER_ERROR : error,
                    "The coordinator answered " + error);
        }
    }

    private void onFailure(Throwable failure, Trip trip) {
        Throwable cause = unwrap(failure);
        if (cause instanceof ChannelClosedException lost && !lost.sent()) {
            retry(trip, cause);
        } else if (cause instanceof ChannelClosedException
                || cause instanceof RequestTimeoutException) {
            trip.fail(
                    trip.letter.onLost(),
                    "The connection to the coordinator was lost before it answered");
        } else {
            trip.result.completeExceptionally(cause);
        }
    }

    private void retry(Trip trip, Throwable why) {
        long pauseMs = trip.nextPauseMs();
        if (clockMs.getAsLong() + pauseMs >= trip.deadlineMs) {
            trip.fail(
                    trip.letter.onLost(),
                    "No coordinator took the request in time: " + unwrap(why).getMessage());
            return;
        }
        trip.returns++;
        ForwardTarget target = trip.letter.target();
        Returned place = returned.computeIfAbsent(target, absent -> new Returned());
        place.trips.put(trip.number, trip);
        if (!place.scheduled) {
            place.scheduled = true;
            links.loop().schedule(() -> sendFirst(target, place), pauseMs);
        }
    }

    private void sendFirst(ForwardTarget target, Returned place) {
        place.scheduled = false;
        Trip first = firstInTime(place);
        if (first == null) {
            returned.remove(target, place);
            return;
        }
        int probe = ++place.probe;
        attempt(first);
        first.result.whenComplete(
                (answer, failure) -> links.loop().run(() -> sendRest(target, place, probe)));
        links.loop().schedule(() -> sendRest(target, place, probe), PROBE_MS);
    }

    private @Nullable Trip firstInTime(Returned place) {
        long nowMs = clockMs.getAsLong();
        while (!place.trips.isEmpty()) {
            Trip first = place.trips.pollFirstEntry().getValue();
            if (nowMs < first.deadlineMs) {
                return first;
            }
            first.fail(first.letter.onLost(), "No coordinator took the request in time");
        }
        return null;
    }

    /** Sends the others, unless the first one has come back. */
    private void sendRest(ForwardTarget target, Returned place, int probe) {
        if (place.probe == probe && !place.scheduled) {
            place.probe++;
            returned.remove(target, place);
            place.trips.values().forEach(this::proceed);
        }
    }

    static Throwable unwrap(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    /** The exception inside those that futures wrap around it. */
    public static @Nullable ForwardException asForwardException(Throwable failure) {
        return unwrap(failure) instanceof ForwardException forward ? forward : null;
    }
}
