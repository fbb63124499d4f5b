package io.headrace.gateway.record;

import io.headrace.gateway.problem.Problem;

import org.apache.kafka.common.Uuid;

import java.io.ByteArrayOutputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * Cursors as text that fits into a URL: base64url of
 *
 * <pre>
 * version     1 byte, 1
 * topics      varint
 *   name      varint length, UTF-8
 *   topic id  16 bytes
 *   partitions varint
 *     partition varint: distance to the previous one plus one
 *     offset    varint
 * checksum    4 bytes, CRC-32C of all before
 * </pre>
 *
 * <p>The checksum finds cursors that were cut or mistyped; it is no signature, because a cursor
 * grants nothing: what it names is authorized at every use.
 */
public final class CursorCodec {
    private static final int VERSION = 1;
    private static final int MAX_TOPICS = 10_000;
    private static final int MAX_PARTITIONS = 200_000;
    private static final int MAX_NAME_BYTES = 249 * 3;

    private CursorCodec() {}

    /** The cursor as text. */
    public static String encode(Cursor cursor) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(64);
        out.write(VERSION);
        writeVarint(out, cursor.topics().size());
        for (Map.Entry<String, Cursor.TopicPlace> topic : cursor.topics().entrySet()) {
            byte[] name = topic.getKey().getBytes(StandardCharsets.UTF_8);
            writeVarint(out, name.length);
            out.writeBytes(name);
            Uuid id = topic.getValue().topicId();
            out.writeBytes(
                    ByteBuffer.allocate(16)
                            .putLong(id.getMostSignificantBits())
                            .putLong(id.getLeastSignificantBits())
                            .array());
            writeVarint(out, topic.getValue().offsets().size());
            int previous = -1;
            for (Map.Entry<Integer, Long> place : topic.getValue().offsets().entrySet()) {
                writeVarint(out, place.getKey() - previous - 1);
                writeVarint(out, place.getValue());
                previous = place.getKey();
            }
        }
        byte[] content = out.toByteArray();
        CRC32C crc = new CRC32C();
        crc.update(content);
        out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
        return Base64.getUrlEncoder().withoutPadding().encodeToString(out.toByteArray());
    }

    /**
     * Reads a cursor.
     *
     * @throws io.headrace.gateway.problem.ProblemException when it is no cursor: 400
     */
    public static Cursor decode(String text) {
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw invalid("is not base64url").toException();
        }
        if (bytes.length < 6) {
            throw invalid("is too short").toException();
        }
        if (bytes[0] != VERSION) {
            throw invalid("has version " + bytes[0] + ", which this gateway does not know")
                    .toException();
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, bytes.length - 4);
        if (ByteBuffer.wrap(bytes, bytes.length - 4, 4).getInt() != (int) crc.getValue()) {
            throw invalid("was changed or cut on its way").toException();
        }
        try {
            return decode(ByteBuffer.wrap(bytes, 1, bytes.length - 5));
        } catch (BufferUnderflowException e) {
            throw invalid("ends too early").toException();
        }
    }

    private static Cursor decode(ByteBuffer in) {
        int topicCount = readCount(in, MAX_TOPICS);
        SortedMap<String, Cursor.TopicPlace> topics = new TreeMap<>();
        int partitionsLeft = MAX_PARTITIONS;
        for (int i = 0; i < topicCount; i++) {
            byte[] name = new byte[Math.min(readCount(in, MAX_NAME_BYTES), in.remaining() + 1)];
            in.get(name);
            Uuid id = new Uuid(in.getLong(), in.getLong());
            int partitions = readCount(in, partitionsLeft);
            partitionsLeft -= partitions;
            SortedMap<Integer, Long> offsets = new TreeMap<>();
            long partition = -1;
            for (int j = 0; j < partitions; j++) {
                partition += 1 + readVarint(in);
                if (partition < 0 || partition > Integer.MAX_VALUE) {
                    throw invalid("names an impossible partition").toException();
                }
                offsets.put((int) partition, readVarint(in));
            }
            topics.put(
                    new String(name, StandardCharsets.UTF_8), new Cursor.TopicPlace(id, offsets));
        }
        if (in.hasRemaining()) {
            throw invalid("has more than it should").toException();
        }
        return new Cursor(topics);
    }

    private static Problem invalid(String why) {
        return Problem.of(
                "invalid-cursor",
                400,
                "The cursor is invalid",
                "The cursor "
                        + why
                        + ". Use a cursor exactly as an answer gave it, or start anew with from=.");
    }

    private static int readCount(ByteBuffer in, int max) {
        long count = readVarint(in);
        if (count > max) {
            throw invalid("counts " + count + " where at most " + max + " can be").toException();
        }
        return (int) count;
    }

    private static void writeVarint(ByteArrayOutputStream out, long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.write((int) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        out.write((int) rest);
    }

    private static long readVarint(ByteBuffer in) {
        long value = 0;
        for (int shift = 0; shift < 63; shift += 7) {
            byte b = in.get();
            value |= (long) (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw invalid("has a number that is too long").toException();
    }
}
