package io.headrace.gateway.record;

import io.headrace.client.produce.ProducerRecord;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.problem.ProblemException;
import io.headrace.protocol.batch.RecordHeader;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;

/**
 * Reads the records of a request body.
 *
 * <p>A payload (key or value) is: a string, stored as that text; null, stored as no payload; any
 * other JSON value, stored as its JSON text without white space between tokens; or an envelope, an
 * object with one member: {@code {"json": any value}}, {@code {"text": string}} or {@code
 * {"base64": string}}.
 */
public final class RecordBody {
    private static final JsonFactory JSON = new JsonFactory();
    private static final Set<String> ENVELOPES = Set.of("json", "text", "base64");

    private final byte[] body;
    private final String topic;
    private final RecordLimits limits;
    private final JsonParser parser;
    private String where = "the body";

    private RecordBody(byte[] body, String topic, RecordLimits limits, JsonParser parser) {
        this.body = body;
        this.topic = topic;
        this.limits = limits;
        this.parser = parser;
    }

    /**
     * The records of a body.
     *
     * @param single whether the body was one record rather than a list of them
     */
    public record Parsed(List<ProducerRecord> records, boolean single) {}

    /**
     * Reads {@code {"records": [...]}} or one record.
     *
     * @throws ProblemException 400 that names the place in the body, or 413
     */
    public static Parsed parseJson(byte[] body, String topic, RecordLimits limits) {
        return with(body, topic, limits, RecordBody::document);
    }

    /** Reads one record for each line (NDJSON). */
    public static Parsed parseLines(byte[] body, String topic, RecordLimits limits) {
        return lines(body, limits, (line, n) -> with(line, topic, limits, b -> b.line(n)));
    }

    /** Reads one value for each line (NDJSON), each the value of a record of its own. */
    public static Parsed parseValueLines(byte[] body, String topic, RecordLimits limits) {
        return lines(body, limits, (line, n) -> with(line, topic, limits, b -> b.valueLine(n)));
    }

    private interface LineReader {
        ProducerRecord read(byte[] line, int number);
    }

    private static Parsed lines(byte[] body, RecordLimits limits, LineReader reader) {
        List<ProducerRecord> records = new ArrayList<>();
        int number = 0;
        for (int from = 0; from < body.length; ) {
            int to = from;
            while (to < body.length && body[to] != '\n') {
                to++;
            }
            number++;
            int first = from;
            while (first < to && JsonText.isWhiteSpace(body[first])) {
                first++;
            }
            if (first < to) {
                checkCount(records.size(), limits);
                records.add(reader.read(java.util.Arrays.copyOfRange(body, first, to), number));
            }
            from = to + 1;
        }
        if (records.isEmpty()) {
            throw Problem.invalidRequest("The body has no record: send one JSON value a line.")
                    .toException();
        }
        return new Parsed(records, false);
    }

    private interface Reader<T> {
        T read(RecordBody body);
    }

    private static <T> T with(byte[] body, String topic, RecordLimits limits, Reader<T> reader) {
        if (body.length == 0) {
            throw Problem.invalidRequest(
                            "The body is empty: send {\"value\": ...} or {\"records\": [...]}.")
                    .toException();
        }
        if (!Utf8.isValid(body) || body[0] == 0 || (body.length > 1 && body[1] == 0)) {
            throw Problem.invalidRequest(
                            "The body is not UTF-8: send binary values as {\"base64\": \"...\"}.")
                    .toException();
        }
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), body)) {
            RecordBody recordBody = new RecordBody(body, topic, limits, parser);
            try {
                return reader.read(recordBody);
            } catch (JacksonException e) {
                throw Problem.invalidRequest(
                                "Malformed JSON in "
                                        + recordBody.where
                                        + at(e.getLocation())
                                        + ": "
                                        + e.getOriginalMessage())
                        .toException();
            }
        }
    }

    /** The place of a failure; limits of the parser come without one. */
    private static String at(@Nullable TokenStreamLocation location) {
        return location == null
                ? ""
                : " at line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    private static void checkCount(int count, RecordLimits limits) {
        if (count >= limits.maxRecords()) {
            throw Problem.tooLarge(
                            "The request has more than "
                                    + limits.maxRecords()
                                    + " records: split it.")
                    .toException();
        }
    }

    private Parsed document() {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw invalid("must be an object: {\"value\": ...} or {\"records\": [...]}");
        }
        String name = parser.nextName();
        if ("records".equals(name)) {
            List<ProducerRecord> records = list();
            if (parser.nextToken() != JsonToken.END_OBJECT) {
                throw invalid("has \"" + parser.currentName() + "\" beside \"records\"");
            }
            end();
            return new Parsed(records, false);
        }
        where = "the record";
        ProducerRecord record = record(name);
        end();
        return new Parsed(List.of(record), true);
    }

    private ProducerRecord line(int number) {
        where = "line " + number;
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw invalid("must be a record, {\"value\": ...}; for bare values say lines=values");
        }
        ProducerRecord record = record(parser.nextName());
        end();
        return record;
    }

    private ProducerRecord valueLine(int number) {
        where = "line " + number;
        parser.nextToken();
        byte[] value = payload();
        end();
        return ProducerRecord.of(topic, value);
    }

    private void end() {
        if (parser.nextToken() != null) {
            throw invalid("is followed by something else");
        }
    }

    private List<ProducerRecord> list() {
        if (parser.nextToken() != JsonToken.START_ARRAY) {
            throw invalid("has \"records\" that is not an array");
        }
        List<ProducerRecord> records = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            checkCount(records.size(), limits);
            where = "records[" + records.size() + "]";
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                throw invalid("must be an object: {\"value\": ...}");
            }
            records.add(record(parser.nextName()));
        }
        where = "the body";
        if (records.isEmpty()) {
            throw invalid("has no records: send at least one");
        }
        return records;
    }

    /** Reads the members of a record, the first name being read already. */
    private ProducerRecord record(@Nullable String firstName) {
        byte[] key = null;
        byte[] value = null;
        List<RecordHeader> headers = List.of();
        long timestampMs = ProducerRecord.NOW;
        int partition = ProducerRecord.ANY_PARTITION;
        boolean valueNamed = false;
        String record = where;
        for (String name = firstName; name != null; name = parser.nextName()) {
            parser.nextToken();
            where = record + "." + name;
            switch (name) {
                case "key" -> key = payload();
                case "value" -> {
                    value = payload();
                    valueNamed = true;
                }
                case "headers" -> headers = headers();
                case "timestamp" -> timestampMs = timestamp();
                case "partition" -> partition = partition();
                // What an answer says of a record read is no instruction, so it can be sent back.
                case "topic", "offset" -> parser.skipChildren();
                default ->
                        throw invalid(
                                "is unknown; a record has key, value, headers, timestamp and"
                                        + " partition");
            }
        }
        where = record;
        if (!valueNamed) {
            throw invalid("has no \"value\"; say null for a tombstone");
        }
        return NullableArrays.record(topic, partition, timestampMs, key, value, headers);
    }

    private int partition() {
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return ProducerRecord.ANY_PARTITION;
        }
        if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
            throw invalid("must be a whole number");
        }
        long partition = parser.getLongValue();
        if (partition < 0 || partition > Integer.MAX_VALUE) {
            throw invalid("is " + partition + ", not the number of a partition");
        }
        return (int) partition;
    }

    private long timestamp() {
        return switch (parser.currentToken()) {
            case VALUE_NULL -> ProducerRecord.NOW;
            case VALUE_NUMBER_INT -> {
                long ms = parser.getLongValue();
                if (ms < 0) {
                    throw invalid("is before 1970");
                }
                yield ms;
            }
            case VALUE_STRING -> {
                try {
                    yield Instant.parse(parser.getString()).toEpochMilli();
                } catch (DateTimeParseException | ArithmeticException e) {
                    throw invalid("must be milliseconds since 1970 or like 2026-11-22T19:00:00Z");
                }
            }
            default -> throw invalid("must be milliseconds since 1970 or an ISO-8601 instant");
        };
    }

    private List<RecordHeader> headers() {
        List<RecordHeader> headers = new ArrayList<>();
        String outer = where;
        switch (parser.currentToken()) {
            case VALUE_NULL -> {}
            case START_OBJECT -> {
                for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                    where = outer + "." + name;
                    parser.nextToken();
                    addHeader(headers, NullableArrays.header(name, payload()));
                }
            }
            case START_ARRAY -> {
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    where = outer + "[" + headers.size() + "]";
                    addHeader(headers, namedHeader());
                }
            }
            default ->
                    throw invalid(
                            "must be an object of names and values, or an array of {\"name\":"
                                    + " ..., \"value\": ...}");
        }
        where = outer;
        return headers;
    }

    private void addHeader(List<RecordHeader> headers, RecordHeader header) {
        if (headers.size() == limits.maxHeaders()) {
            throw invalid("has more than " + limits.maxHeaders() + " headers");
        }
        headers.add(header);
    }

    private RecordHeader namedHeader() {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw invalid("must be {\"name\": ..., \"value\": ...}");
        }
        String key = null;
        byte[] value = null;
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            JsonToken token = parser.nextToken();
            switch (name) {
                case "name" -> {
                    if (token != JsonToken.VALUE_STRING) {
                        throw invalid("has a \"name\" that is not a string");
                    }
                    key = parser.getString();
                }
                case "value" -> value = payload();
                default -> throw invalid("has an unknown member \"" + name + "\"");
            }
        }
        if (key == null) {
            throw invalid("has no \"name\"");
        }
        return NullableArrays.header(key, value);
    }

    /** Reads a payload at its first token, to its last. */
    private byte @Nullable [] payload() {
        JsonToken token = parser.currentToken();
        if (token == null) {
            throw invalid("is missing");
        }
        return switch (token) {
            case VALUE_NULL -> null;
            case VALUE_STRING -> text(parser.getString());
            case START_OBJECT -> object();
            default -> slice(parser.currentTokenLocation().getByteOffset());
        };
    }

    private byte[] object() {
        long from = parser.currentTokenLocation().getByteOffset();
        String name = parser.nextName();
        if (name == null) {
            return compact(from, parser.currentLocation().getByteOffset());
        }
        JsonToken token = parser.nextToken();
        boolean envelope = ENVELOPES.contains(name);
        long innerFrom = parser.currentTokenLocation().getByteOffset();
        String text = envelope && token == JsonToken.VALUE_STRING ? parser.getString() : null;
        parser.skipChildren();
        parser.finishToken();
        long innerTo = parser.currentLocation().getByteOffset();
        if (parser.nextToken() == JsonToken.END_OBJECT) {
            if (envelope) {
                return open(name, text, innerFrom, innerTo);
            }
        } else {
            while (parser.currentToken() != JsonToken.END_OBJECT) {
                parser.nextToken();
                parser.skipChildren();
                parser.nextToken();
            }
        }
        return compact(from, parser.currentLocation().getByteOffset());
    }

    private byte[] open(String envelope, @Nullable String text, long innerFrom, long innerTo) {
        if (envelope.equals("json")) {
            return compact(innerFrom, innerTo);
        }
        if (text == null) {
            throw invalid("has \"" + envelope + "\" that is not a string");
        }
        if (envelope.equals("text")) {
            return text(text);
        }
        try {
            return Base64.getDecoder().decode(text.getBytes(StandardCharsets.US_ASCII));
        } catch (IllegalArgumentException e) {
            throw invalid("has \"base64\" that is not base64: " + e.getMessage());
        }
    }

    private byte[] slice(long from) {
        parser.skipChildren();
        parser.finishToken();
        return compact(from, parser.currentLocation().getByteOffset());
    }

    private byte[] compact(long from, long to) {
        JsonOutput out = new JsonOutput((int) (to - from));
        if (JsonText.compact(body, (int) from, (int) to, out) == null) {
            throw invalid("is not a JSON value that can be stored");
        }
        return out.toBytes();
    }

    private byte[] text(String text) {
        byte[] utf8 = Utf8.encode(text);
        if (utf8 == null) {
            throw invalid("has half of a surrogate pair, which is no text");
        }
        return utf8;
    }

    private ProblemException invalid(String what) {
        return Problem.invalidRequest(where + " " + what + ".").toException();
    }
}
