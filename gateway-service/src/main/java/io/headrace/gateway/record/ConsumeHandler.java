package io.headrace.gateway.record;

import io.headrace.client.consume.ConsumedRecord;
import io.headrace.client.consume.Position;
import io.headrace.gateway.config.GatewayProperties;
import io.headrace.gateway.fanout.Delivery;
import io.headrace.gateway.fanout.Fanout;
import io.headrace.gateway.fanout.FanoutReader;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.record.TopicCatalog.TopicShape;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

import reactor.core.publisher.Mono;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;

/** Reads records by cursor: {@code GET /api/v1/topics/{topic}/records}. Keeps no state. */
@RestController
@RequestMapping("/api/v1")
@Tag(name = "Records")
public class ConsumeHandler {
    private final TopicCatalog catalog;
    private final StartOffsets startOffsets;
    private final Fanout fanout;
    private final GatewayProperties.Limits limits;

    public ConsumeHandler(
            TopicCatalog catalog,
            StartOffsets startOffsets,
            Fanout fanout,
            GatewayProperties properties) {
        this.catalog = catalog;
        this.startOffsets = startOffsets;
        this.fanout = fanout;
        this.limits = properties.limits();
    }

    @Operation(
            operationId = "consume",
            summary = "Read records by cursor",
            description = ConsumeDocs.DESCRIPTION)
    @ApiResponse(
            responseCode = "200",
            description = "Records, perhaps none, and the cursor to go on with.",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON_VALUE,
                            examples = @ExampleObject(value = ConsumeDocs.ANSWER)))
    @GetMapping("/topics/{topic}/records")
    Mono<ResponseEntity<byte[]>> consume(
            @Parameter(example = "quickstart") @PathVariable String topic,
            @Parameter(description = "`next` of an earlier answer, from any gateway.")
                    @RequestParam(required = false)
                    @Nullable String cursor,
            @Parameter(
                            description = "Where to begin without a cursor; earliest unless said.",
                            schema =
                                    @Schema(
                                            allowableValues = {
                                                "earliest",
                                                "latest",
                                                "timestamp",
                                                "offset"
                                            }))
                    @RequestParam(required = false)
                    @Nullable String from,
            @Parameter(description = "For from=offset.") @RequestParam(required = false)
                    @Nullable Long offset,
            @Parameter(
                            description =
                                    "For from=timestamp: ms since 1970, or like"
                                            + " 2026-11-22T19:00:00Z.")
                    @RequestParam(required = false)
                    @Nullable String timestamp,
            @Parameter(
                            description =
                                    "For from=latest: begin so many records before the end of each"
                                            + " partition.")
                    @RequestParam(required = false)
                    @Nullable Long back,
            @Parameter(
                            description =
                                    "Only these partitions; all unless said. Repeat it with the"
                                            + " cursor.")
                    @RequestParam(required = false)
                    @Nullable List<Integer> partition,
            @Parameter(description = "The most records of the answer.")
                    @RequestParam(defaultValue = "100")
                    int limit,
            @Parameter(description = "About the most bytes of the answer.")
                    @RequestParam(defaultValue = "1048576")
                    long maxBytes,
            @Parameter(
                            description =
                                    "How long to wait while there is no record: ms, or like 10s.",
                            example = "0")
                    @RequestParam(defaultValue = "0")
                    String wait,
            @Parameter(
                            description = "How values are shown.",
                            schema = @Schema(allowableValues = {"auto", "json", "text", "base64"}))
                    @RequestParam(defaultValue = "auto")
                    String as) {
        Start start = Start.parse(cursor, from, timestamp, offset, back, Position.earliest());
        Representation representation = representation(as);
        Duration maxWait = wait(wait);
        int maxRecords = within(limit, limits.maxRecordsPerRead(), "limit");
        long bytes = within(maxBytes, limits.maxBytesPerRead().toBytes(), "maxBytes");
        return catalog.topic(topic)
                .flatMap(
                        shape ->
                                startOffsets
                                        .find(shape, chosen(shape, partition, start), start)
                                        .flatMap(
                                                offsets ->
                                                        read(offsets, maxRecords, bytes, maxWait))
                                        .map(got -> answer(shape, got, representation)));
    }

    private Mono<Delivery> read(
            Map<TopicPartition, Long> offsets, int maxRecords, long maxBytes, Duration maxWait) {
        return Mono.using(
                () -> fanout.open(offsets),
                reader ->
                        reader.next(maxRecords, maxBytes, maxWait)
                                .flatMap(ConsumeHandler::orTrouble),
                FanoutReader::close);
    }

    /** An answer without records says that there are none: it must not when nobody knows. */
    private static Mono<Delivery> orTrouble(Delivery delivery) {
        RuntimeException trouble = delivery.trouble();
        return trouble == null ? Mono.just(delivery) : Mono.error(trouble);
    }

    /** Reads how values are to be shown. */
    public static Representation representation(String as) {
        return Representation.named(as)
                .orElseThrow(
                        () ->
                                Problem.invalidRequest(
                                                "as is \""
                                                        + as
                                                        + "\": say auto, json, text or base64.")
                                        .toException());
    }

    private Duration wait(String wait) {
        Duration parsed;
        try {
            parsed = DurationStyle.detectAndParse(wait, ChronoUnit.MILLIS);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw Problem.invalidRequest("wait is \"" + wait + "\": say milliseconds, or like 10s.")
                    .toException();
        }
        if (parsed.isNegative() || parsed.compareTo(limits.maxWait()) > 0) {
            throw Problem.invalidRequest(
                            "wait is "
                                    + wait
                                    + ": say between 0 and "
                                    + limits.maxWait().toMillis()
                                    + " ms, and ask again with the cursor.")
                    .toException();
        }
        return parsed;
    }

    private static int within(int value, int most, String name) {
        return (int) within((long) value, most, name);
    }

    private static long within(long value, long most, String name) {
        if (value < 1 || value > most) {
            throw Problem.invalidRequest(
                            name + " is " + value + ": say between 1 and " + most + ".")
                    .toException();
        }
        return value;
    }

    private static Collection<Integer> chosen(
            TopicShape topic, @Nullable List<Integer> partitions, Start start) {
        if (start instanceof Start.AtCursor(Cursor cursor)
                && !cursor.topics().containsKey(topic.name())) {
            throw Problem.invalidRequest(
                            "The cursor is of "
                                    + String.join(", ", cursor.topics().keySet())
                                    + ", not of "
                                    + topic.name()
                                    + ".")
                    .toException();
        }
        if (partitions == null || partitions.isEmpty()) {
            return IntStream.range(0, topic.partitions()).boxed().toList();
        }
        for (int partition : partitions) {
            if (partition < 0 || partition >= topic.partitions()) {
                throw Problem.of(
                                "unknown-topic",
                                404,
                                "No such topic or partition",
                                "Topic "
                                        + topic.name()
                                        + " has partitions 0 to "
                                        + (topic.partitions() - 1)
                                        + ", not "
                                        + partition
                                        + ".")
                        .toException();
            }
        }
        return new TreeSet<>(partitions);
    }

    private static ResponseEntity<byte[]> answer(
            TopicShape topic, Delivery delivery, Representation as) {
        JsonOutput out = new JsonOutput(4096);
        out.raw("{\"records\":[");
        boolean first = true;
        for (ConsumedRecord record : PartitionMerge.byTimestamp(delivery.records())) {
            if (!first) {
                out.raw(',');
            }
            first = false;
            RecordWriter.write(out, record, as);
        }
        out.raw("],").name("next").string(cursorAfter(topic, delivery));
        boolean atEnd =
                delivery.places().values().stream().allMatch(p -> p.nextOffset() >= p.endOffset());
        out.raw(',').name("atEnd").raw(Boolean.toString(atEnd));
        out.raw(',').name("partitions");
        writePlaces(out, delivery.places());
        if (!delivery.gaps().isEmpty()) {
            out.raw(',').name("skipped");
            writeGaps(out, delivery.gaps());
        }
        out.raw('}');
        return ResponseEntity.ok()
                .contentType(MediaType.APPLICATION_JSON)
                .header("Cache-Control", "no-store")
                .body(out.toBytes());
    }

    private static String cursorAfter(TopicShape topic, Delivery delivery) {
        Cursor.Builder next = new Cursor.Builder().topic(topic.name(), topic.topicId());
        delivery.places().forEach((partition, place) -> next.place(partition, place.nextOffset()));
        return CursorCodec.encode(next.build());
    }

    private static void writePlaces(JsonOutput out, Map<TopicPartition, Delivery.Place> places) {
        out.raw('[');
        boolean first = true;
        for (Map.Entry<TopicPartition, Delivery.Place> entry : places.entrySet()) {
            if (!first) {
                out.raw(',');
            }
            first = false;
            Delivery.Place place = entry.getValue();
            out.raw('{').name("partition").number(entry.getKey().partition());
            out.raw(',').name("next").number(place.nextOffset());
            out.raw(',').name("logStart").number(place.logStartOffset());
            out.raw(',').name("highWatermark").number(place.endOffset()).raw('}');
        }
        out.raw(']');
    }

    /** Writes offsets that were skipped as an array. */
    public static void writeGaps(JsonOutput out, List<Delivery.Gap> gaps) {
        out.raw('[');
        for (int i = 0; i < gaps.size(); i++) {
            Delivery.Gap gap = gaps.get(i);
            if (i > 0) {
                out.raw(',');
            }
            out.raw('{').name("topic").string(gap.partition().topic());
            out.raw(',').name("partition").number(gap.partition().partition());
            out.raw(',').name("from").number(gap.fromOffset());
            out.raw(',').name("to").number(gap.toOffset()).raw('}');
        }
        out.raw(']');
    }
}
