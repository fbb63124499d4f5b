package io.headrace.gateway.subscription;

import io.headrace.client.consume.ConsumedRecord;
import io.headrace.client.consume.Position;
import io.headrace.gateway.config.GatewayProperties;
import io.headrace.gateway.fanout.Delivery;
import io.headrace.gateway.fanout.Fanout;
import io.headrace.gateway.record.ConsumeHandler;
import io.headrace.gateway.record.JsonOutput;
import io.headrace.gateway.record.RecordWriter;
import io.headrace.gateway.record.Representation;
import io.headrace.gateway.record.Start;
import io.headrace.gateway.record.StartOffsets;
import io.headrace.gateway.record.TopicCatalog;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferFactory;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.http.server.reactive.ServerHttpResponseDecorator;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.netty.http.server.HttpServerResponse;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Server-sent events: records as they come, each with the cursor to resume after it.
 *
 * <p>The next records are read only when those before have left for the network, so a slow reader
 * holds one write and nothing else; one that takes nothing for long is cut off and may resume.
 */
@RestController
@RequestMapping("/api/v1")
@Tag(name = "Streams", description = "Server-sent events; see also the WebSocket")
public class EventHandler {
    private static final int MAX_RECORDS = 1000;

    /** With more partitions only the last event of a write carries the cursor: it is long. */
    private static final int CURSOR_WITH_EACH = 32;

    private final Subscription.Opener opener;
    private final GatewayProperties.Stream options;
    private final SlowReaders slowReaders;

    public EventHandler(
            TopicCatalog catalog,
            StartOffsets startOffsets,
            Fanout fanout,
            GatewayProperties properties,
            SlowReaders slowReaders) {
        this.slowReaders = slowReaders;
        this.options = properties.stream();
        this.opener =
                new Subscription.Opener(catalog, startOffsets, fanout, options.maxPartitions());
    }

    @Operation(
            operationId = "topicEvents",
            summary = "Stream a topic as server-sent events",
            description = StreamDocs.EVENTS)
    @ApiResponse(
            responseCode = "200",
            description = "Events until the caller leaves.",
            content =
                    @Content(
                            mediaType = MediaType.TEXT_EVENT_STREAM_VALUE,
                            schema = @Schema(type = "string", example = StreamDocs.EVENT)))
    @GetMapping("/topics/{topic}/events")
    Mono<Void> topicEvents(
            @Parameter(example = "quickstart") @PathVariable String topic,
            @Parameter(description = "Where to begin without a cursor; latest unless said.")
                    @RequestParam(required = false)
                    @Nullable String from,
            @RequestParam(required = false) @Nullable String timestamp,
            @Parameter(description = "Begin so many records before the end of each partition.")
                    @RequestParam(required = false)
                    @Nullable Long back,
            @Parameter(description = "The id of an event, to resume after it.")
                    @RequestParam(required = false)
                    @Nullable String cursor,
            @Parameter(description = "What a browser sends when it reconnects; wins over cursor.")
                    @RequestHeader(name = "Last-Event-ID", required = false)
                    @Nullable String lastEventId,
            @RequestParam(defaultValue = "auto")
                    @Schema(allowableValues = {"auto", "json", "text", "base64"})
                    String as,
            @Parameter(hidden = true) ServerHttpResponse response) {
        return stream(
                Selection.of(List.of(topic), List.of(), options.maxTopics()),
                start(lastEventId, cursor, from, timestamp, back),
                ConsumeHandler.representation(as),
                response);
    }

    @Operation(
            operationId = "events",
            summary = "Stream several topics as server-sent events",
            description = StreamDocs.EVENTS)
    @ApiResponse(
            responseCode = "200",
            description = "Events until the caller leaves.",
            content =
                    @Content(
                            mediaType = MediaType.TEXT_EVENT_STREAM_VALUE,
                            schema = @Schema(type = "string", example = StreamDocs.EVENT)))
    @GetMapping("/events")
    Mono<Void> events(
            @Parameter(description = "Names of topics.", example = "quickstart")
                    @RequestParam(required = false)
                    @Nullable List<String> topic,
            @Parameter(description = "Patterns of names: * any characters, ? one.")
                    @RequestParam(required = false)
                    @Nullable List<String> pattern,
            @RequestParam(required = false) @Nullable String from,
            @RequestParam(required = false) @Nullable String timestamp,
            @RequestParam(required = false) @Nullable Long back,
            @RequestParam(required = false) @Nullable String cursor,
            @RequestHeader(name = "Last-Event-ID", required = false) @Nullable String lastEventId,
            @RequestParam(defaultValue = "auto")
                    @Schema(allowableValues = {"auto", "json", "text", "base64"})
                    String as,
            @Parameter(hidden = true) ServerHttpResponse response) {
        return stream(
                Selection.of(
                        topic == null ? List.of() : topic,
                        pattern == null ? List.of() : pattern,
                        options.maxTopics()),
                start(lastEventId, cursor, from, timestamp, back),
                ConsumeHandler.representation(as),
                response);
    }

    /** A browser repeats the query when it reconnects, so the id of the last event wins. */
    private static Start start(
            @Nullable String lastEventId,
            @Nullable String cursor,
            @Nullable String from,
            @Nullable String timestamp,
            @Nullable Long back) {
        return lastEventId == null || lastEventId.isEmpty()
                ? Start.parse(cursor, from, timestamp, null, back, Position.latest())
                : Start.parse(lastEventId, null, null, null, null, Position.latest());
    }

    private Mono<Void> stream(
            Selection selection, Start start, Representation as, ServerHttpResponse response) {
        return opener.open(selection, start)
                .flatMap(subscription -> stream(subscription, as, response));
    }

    private Mono<Void> stream(
            Subscription subscription, Representation as, ServerHttpResponse response) {
        response.getHeaders().setContentType(MediaType.TEXT_EVENT_STREAM);
        response.getHeaders().setCacheControl("no-store");
        response.getHeaders().set("X-Accel-Buffering", "no");
        Writer writer = new Writer(subscription, as, response.bufferFactory());
        // Each group is asked for only when the one before has been written to the network.
        Flux<Flux<DataBuffer>> groups = Flux.generate(sink -> sink.next(writer.nextGroup().flux()));
        Sinks.Empty<Void> stalled = Sinks.empty();
        writer.onStalled =
                () -> {
                    slowReaders.onCutOff("A reader of events", options.slowReader());
                    stalled.tryEmitEmpty();
                    HttpServerResponse connection =
                            ServerHttpResponseDecorator.getNativeResponse(response);
                    connection.withConnection(c -> c.channel().close());
                };
        return Mono.firstWithSignal(response.writeAndFlushWith(groups), stalled.asMono())
                .doFinally(
                        signal -> {
                            writer.close();
                            subscription.close();
                        });
    }

    /** Writes deliveries as events, one group at a time. */
    private final class Writer {
        private final Subscription subscription;
        private final Representation as;
        private final DataBufferFactory buffers;
        private final AtomicReference<Disposable> stallTimer =
                new AtomicReference<>(Disposables.disposed());
        private Runnable onStalled = () -> {};
        private boolean begun;

        Writer(Subscription subscription, Representation as, DataBufferFactory buffers) {
            this.subscription = subscription;
            this.as = as;
            this.buffers = buffers;
        }

        /** The next group, read when subscribed to: that is when the one before has left. */
        Mono<DataBuffer> nextGroup() {
            return Mono.defer(
                            () -> {
                                cancelTimer();
                                if (!begun) {
                                    begun = true;
                                    return Mono.just(
                                            ": headrace\nretry: 1000\n\n"
                                                    .getBytes(StandardCharsets.UTF_8));
                                }
                                return refreshed()
                                        .then(
                                                subscription.next(
                                                        MAX_RECORDS,
                                                        options.batchBytes().toBytes(),
                                                        pause(options),
                                                        Duration.ZERO))
                                        .map(this::encode);
                            })
                    .<DataBuffer>map(
                            bytes -> {
                                startTimer();
                                return buffers.wrap(bytes);
                            });
        }

        private Mono<Subscription.Change> refreshed() {
            return subscription.isRefreshDue(options.refresh())
                    ? subscription.refresh()
                    : Mono.empty();
        }

        private byte[] encode(Delivery delivery) {
            JsonOutput out = new JsonOutput(1024);
            if (delivery.records().isEmpty() && delivery.gaps().isEmpty()) {
                subscription.onDelivered(delivery);
                return out.raw(": alive\n\n").toBytes();
            }
            if (!delivery.gaps().isEmpty()) {
                out.raw("event: skipped\ndata: ");
                ConsumeHandler.writeGaps(out, delivery.gaps());
                out.raw("\n\n");
            }
            boolean cursorWithEach = subscription.partitionCount() <= CURSOR_WITH_EACH;
            int count = delivery.records().size();
            for (int i = 0; i < count; i++) {
                ConsumedRecord record = delivery.records().get(i);
                subscription.onDelivered(record);
                if (i == count - 1) {
                    subscription.onDelivered(delivery);
                }
                if (cursorWithEach || i == count - 1) {
                    out.raw("id: ").raw(subscription.cursor()).raw('\n');
                }
                out.raw("event: record\ndata: ");
                RecordWriter.write(out, record, as);
                out.raw("\n\n");
            }
            return out.toBytes();
        }

        private void startTimer() {
            stallTimer.set(
                    Schedulers.parallel()
                            .schedule(
                                    () -> onStalled.run(),
                                    options.slowReader().toMillis(),
                                    TimeUnit.MILLISECONDS));
        }

        private void cancelTimer() {
            stallTimer.getAndSet(Disposables.disposed()).dispose();
        }

        void close() {
            cancelTimer();
        }
    }

    private static Duration pause(GatewayProperties.Stream options) {
        return options.heartbeat().compareTo(options.refresh()) < 0
                ? options.heartbeat()
                : options.refresh();
    }
}
