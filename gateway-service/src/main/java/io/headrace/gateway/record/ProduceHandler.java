package io.headrace.gateway.record;

import io.headrace.client.produce.Acks;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.gateway.config.GatewayProperties;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.record.ProducerPool.SentRecord;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.enums.ParameterIn;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.ExampleObject;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.MediaType;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.util.MultiValueMap;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.reactive.HandlerMapping;
import org.springframework.web.server.ServerWebExchange;

import reactor.core.publisher.Mono;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Stores records: {@code POST /api/v1/topics/{topic}/records}. */
@RestController
@RequestMapping("/api/v1")
@Tag(name = "Records", description = "Produce and consume")
public class ProduceHandler {
    private static final String NDJSON = "application/x-ndjson";

    private final ProducerPool producers;
    private final RecordLimits recordLimits;
    private final int maxBodyBytes;
    private final BodyBudget budget;

    public ProduceHandler(ProducerPool producers, BodyBudget budget, GatewayProperties properties) {
        this.producers = producers;
        this.budget = budget;
        GatewayProperties.Limits limits = properties.limits();
        this.recordLimits =
                new RecordLimits(limits.maxRecordsPerRequest(), limits.maxHeadersPerRecord());
        this.maxBodyBytes = (int) limits.maxBody().toBytes();
    }

    @Operation(
            operationId = "produce",
            summary = "Store one or many records",
            description = ProduceDocs.DESCRIPTION,
            requestBody =
                    @io.swagger.v3.oas.annotations.parameters.RequestBody(
                            required = true,
                            content = {
                                @Content(
                                        mediaType = MediaType.APPLICATION_JSON_VALUE,
                                        schema = @Schema(type = "object"),
                                        examples = {
                                            @ExampleObject(
                                                    name = "Many records",
                                                    value = ProduceDocs.MANY),
                                            @ExampleObject(
                                                    name = "One record",
                                                    value = ProduceDocs.ONE),
                                        }),
                                @Content(
                                        mediaType = NDJSON,
                                        schema = @Schema(type = "string"),
                                        examples = @ExampleObject(value = ProduceDocs.LINES)),
                                @Content(
                                        mediaType = MediaType.TEXT_PLAIN_VALUE,
                                        schema = @Schema(type = "string"),
                                        examples = @ExampleObject(value = "hello")),
                                @Content(
                                        mediaType = MediaType.APPLICATION_OCTET_STREAM_VALUE,
                                        schema = @Schema(type = "string", format = "binary")),
                            }))
    @ApiResponse(
            responseCode = "200",
            description = "Every record is stored.",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON_VALUE,
                            examples = @ExampleObject(value = ProduceDocs.STORED)))
    @ApiResponse(
            responseCode = "207",
            description = "Some records are stored, others not: each entry says which.",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_JSON_VALUE,
                            examples = @ExampleObject(value = ProduceDocs.PARTLY)))
    @Parameter(
            name = "topic",
            in = ParameterIn.PATH,
            required = true,
            example = "quickstart",
            schema = @Schema(type = "string"))
    @Parameter(
            name = "acks",
            in = ParameterIn.QUERY,
            description = "Who must have a record before it counts as stored.",
            schema =
                    @Schema(
                            type = "string",
                            allowableValues = {"all", "leader", "none"},
                            defaultValue = "all"))
    @Parameter(
            name = "key",
            in = ParameterIn.QUERY,
            description = "The key of a raw body, as text.",
            schema = @Schema(type = "string"))
    @Parameter(
            name = "partition",
            in = ParameterIn.QUERY,
            description = "The partition of a raw body.",
            schema = @Schema(type = "integer", format = "int32"))
    @Parameter(
            name = "lines",
            in = ParameterIn.QUERY,
            description = "What the lines of NDJSON are.",
            schema =
                    @Schema(
                            type = "string",
                            allowableValues = {"records", "values"},
                            defaultValue = "records"))
    @PostMapping("/topics/{topic}/records")
    Mono<Void> produce(@Parameter(hidden = true) ServerWebExchange exchange) {
        ServerHttpRequest request = exchange.getRequest();
        String topic = topicOf(exchange);
        TopicNames.check(topic);
        MultiValueMap<String, String> query = request.getQueryParams();
        Acks wanted = acks(given(query, "acks", "all"));
        long declared = request.getHeaders().getContentLength();
        if (declared > maxBodyBytes) {
            throw Problem.tooLarge(
                            "The body has "
                                    + declared
                                    + " bytes; at most "
                                    + maxBodyBytes
                                    + " are taken. Send fewer records at once.")
                    .toException();
        }
        BodyReader reader = reader(request.getHeaders().getContentType(), query);
        long reserved = declared < 0 ? maxBodyBytes : declared;
        return Mono.defer(
                () -> {
                    budget.take(reserved);
                    return DataBufferUtils.join(request.getBody(), maxBodyBytes)
                            .map(ProduceHandler::drain)
                            .defaultIfEmpty(new byte[0])
                            .map(body -> reader.read(body, topic, recordLimits))
                            .flatMap(parsed -> store(wanted, parsed, exchange.getResponse()))
                            .doFinally(signal -> budget.giveBack(reserved));
                });
    }

    /**
     * The topic in the path. This and what the query says is read by hand: arguments that Spring
     * resolves one by one cost more than all else that it does for a request.
     */
    private static String topicOf(ServerWebExchange exchange) {
        Map<String, String> variables =
                exchange.getRequiredAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE);
        return Objects.requireNonNull(variables.get("topic"));
    }

    private static String given(
            MultiValueMap<String, String> query, String name, String otherwise) {
        String given = query.getFirst(name);
        return given == null || given.isEmpty() ? otherwise : given;
    }

    private static @Nullable Integer partitionOf(MultiValueMap<String, String> query) {
        String given = given(query, "partition", "");
        if (given.isEmpty()) {
            return null;
        }
        try {
            return Integer.valueOf(given);
        } catch (NumberFormatException e) {
            throw Problem.invalidRequest(
                            "partition is \"" + given + "\": it must be a whole number.")
                    .toException();
        }
    }

    private interface BodyReader {
        RecordBody.Parsed read(byte[] body, String topic, RecordLimits limits);
    }

    private static BodyReader reader(
            @Nullable MediaType type, MultiValueMap<String, String> query) {
        if (type == null || type.getSubtype().equals("json") || isSuffixJson(type)) {
            return RecordBody::parseJson;
        }
        if (type.getSubtype().equals("x-ndjson") || type.getSubtype().equals("ndjson")) {
            String lines = given(query, "lines", "records");
            return switch (lines.toLowerCase(Locale.ROOT)) {
                case "records" -> RecordBody::parseLines;
                case "values" -> RecordBody::parseValueLines;
                default ->
                        throw Problem.invalidRequest(
                                        "lines is \"" + lines + "\": say records or values.")
                                .toException();
            };
        }
        if (type.getType().equals("text")
                || MediaType.APPLICATION_OCTET_STREAM.equalsTypeAndSubtype(type)) {
            String key = query.getFirst("key");
            Integer partition = partitionOf(query);
            return (body, topic, limits) -> raw(body, topic, key, partition);
        }
        throw Problem.of(
                        "unsupported-media-type",
                        415,
                        "The body's media type is not supported",
                        "Content-Type is "
                                + type
                                + ": send application/json, application/x-ndjson, text/plain or"
                                + " application/octet-stream.")
                .toException();
    }

    private static boolean isSuffixJson(MediaType type) {
        return "json".equals(type.getSubtypeSuffix());
    }

    private static RecordBody.Parsed raw(
            byte[] body, String topic, @Nullable String key, @Nullable Integer partition) {
        if (partition != null && partition < 0) {
            throw Problem.invalidRequest("partition is " + partition + ", below zero.")
                    .toException();
        }
        byte[] keyBytes = key == null ? null : Utf8.encode(key);
        return new RecordBody.Parsed(
                List.of(
                        NullableArrays.record(
                                topic,
                                partition == null ? ProducerRecord.ANY_PARTITION : partition,
                                ProducerRecord.NOW,
                                keyBytes,
                                body,
                                List.of())),
                true);
    }

    /** Reads who must acknowledge: a name, or Kafka's number. */
    public static Acks acks(String acks) {
        return switch (acks.toLowerCase(Locale.ROOT)) {
            case "all", "-1" -> Acks.ALL;
            case "leader", "1" -> Acks.LEADER;
            case "none", "0" -> Acks.NONE;
            default ->
                    throw Problem.invalidRequest(
                                    "acks is \"" + acks + "\": say all, leader or none.")
                            .toException();
        };
    }

    private Mono<Void> store(Acks acks, RecordBody.Parsed parsed, ServerHttpResponse response) {
        return producers
                .send(ProducerPool.ANONYMOUS, acks, parsed.records())
                .flatMap(outcomes -> answer(outcomes, parsed.single(), response));
    }

    private static Mono<Void> answer(
            List<SentRecord> outcomes, boolean single, ServerHttpResponse response) {
        long failed = ProduceResult.failed(outcomes);
        if (failed == outcomes.size()) {
            throw ProduceResult.allFailed(outcomes).toException();
        }
        JsonOutput out = new JsonOutput(64 * outcomes.size() + 32);
        if (single) {
            ProduceResult.write(out, outcomes.getFirst());
        } else {
            out.raw("{\"records\":");
            ProduceResult.write(out, outcomes);
            out.raw('}');
        }
        byte[] body = out.toBytes();
        response.setRawStatusCode(failed == 0 ? 200 : 207);
        response.getHeaders().setContentType(MediaType.APPLICATION_JSON);
        response.getHeaders().setContentLength(body.length);
        return response.writeWith(Mono.just(response.bufferFactory().wrap(body)));
    }

    private static byte[] drain(DataBuffer buffer) {
        byte[] bytes = new byte[buffer.readableByteCount()];
        buffer.read(bytes);
        DataBufferUtils.release(buffer);
        return bytes;
    }
}
