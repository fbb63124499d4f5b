package io.headrace.gateway.record;

import io.headrace.client.consume.ConsumedRecord;
import io.headrace.protocol.batch.RecordHeader;

import org.jspecify.annotations.Nullable;

import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes records as JSON. What it writes, given back to the gateway, is stored as the same bytes
 * (but for white space between the tokens of a JSON value).
 */
public final class RecordWriter {
    private static final Set<String> ENVELOPES = Set.of("json", "text", "base64");

    private RecordWriter() {}

    /** Writes a record as one object. */
    public static void write(JsonOutput out, ConsumedRecord record, Representation as) {
        out.raw('{').name("topic").string(record.topic());
        out.raw(',').name("partition").number(record.partition());
        out.raw(',').name("offset").number(record.offset());
        out.raw(',').name("timestamp").number(record.timestampMs());
        out.raw(',').name("key");
        writeText(out, record.keyBytes());
        out.raw(',').name("value");
        writePayload(out, record.valueBytes(), as);
        out.raw(',').name("headers");
        writeHeaders(out, record.headers());
        out.raw('}');
    }

    /** Writes a value. */
    static void writePayload(JsonOutput out, byte @Nullable [] payload, Representation as) {
        if (payload == null) {
            out.raw("null");
            return;
        }
        switch (as) {
            case AUTO -> {
                if (!writeStructure(out, payload)) {
                    writeText(out, payload);
                }
            }
            case JSON -> {
                int before = out.length();
                out.raw("{\"json\":");
                if (Utf8.isValid(payload)
                        && JsonText.compact(payload, 0, payload.length, out) != null) {
                    out.raw('}');
                } else {
                    out.truncateTo(before);
                    writePayload(out, payload, Representation.TEXT);
                }
            }
            case TEXT -> {
                if (Utf8.isValid(payload)) {
                    out.raw("{\"text\":").utf8String(payload).raw('}');
                } else {
                    writeBase64(out, payload);
                }
            }
            case BASE64 -> writeBase64(out, payload);
        }
    }

    /** Writes a JSON object or array as it is; an object that looks like an envelope, in one. */
    private static boolean writeStructure(JsonOutput out, byte[] payload) {
        int first = 0;
        while (first < payload.length && JsonText.isWhiteSpace(payload[first])) {
            first++;
        }
        if (first == payload.length || (payload[first] != '{' && payload[first] != '[')) {
            return false;
        }
        if (!Utf8.isValid(payload)) {
            return false;
        }
        JsonOutput compact = new JsonOutput(payload.length);
        JsonText.Shape shape = JsonText.compact(payload, 0, payload.length, compact);
        if (shape == null) {
            return false;
        }
        boolean looksLikeEnvelope =
                shape.object()
                        && shape.members() == 1
                        && (ENVELOPES.contains(shape.firstName())
                                || shape.firstName().indexOf('\\') >= 0);
        if (looksLikeEnvelope) {
            out.raw("{\"json\":");
        }
        out.raw(compact.toBytes());
        if (looksLikeEnvelope) {
            out.raw('}');
        }
        return true;
    }

    /** Writes bytes as a string if they are UTF-8, otherwise in a base64 envelope. */
    private static void writeText(JsonOutput out, byte @Nullable [] bytes) {
        if (bytes == null) {
            out.raw("null");
        } else if (Utf8.isValid(bytes)) {
            out.utf8String(bytes);
        } else {
            writeBase64(out, bytes);
        }
    }

    private static void writeBase64(JsonOutput out, byte[] bytes) {
        out.raw("{\"base64\":\"").raw(Base64.getEncoder().encode(bytes)).raw("\"}");
    }

    /** An object while names are distinct; otherwise an array, because names may repeat. */
    private static void writeHeaders(JsonOutput out, List<RecordHeader> headers) {
        Set<String> names = new HashSet<>();
        for (RecordHeader header : headers) {
            names.add(header.key());
        }
        boolean distinct = names.size() == headers.size();
        out.raw(distinct ? '{' : '[');
        for (int i = 0; i < headers.size(); i++) {
            RecordHeader header = headers.get(i);
            if (i > 0) {
                out.raw(',');
            }
            if (distinct) {
                out.name(header.key());
                writeText(out, header.value());
            } else {
                out.raw('{').name("name").string(header.key()).raw(',').name("value");
                writeText(out, header.value());
                out.raw('}');
            }
        }
        out.raw(distinct ? '}' : ']');
    }
}
