package io.headrace.protocol.batch;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The bytes of one record of a batch; drawn in {@link BatchDescriptor}. */
final class RecordFormat {
    private static final int NULL_SIZE = -1;

    private RecordFormat() {}

    /** Parses a record's bytes after its length field, all of them. */
    static StoredRecord parse(
            ByteBuffer bytes,
            long baseOffset,
            long baseTimestampMs,
            @Nullable Long logAppendTimeMs) {
        if (!bytes.hasRemaining()) {
            throw new CorruptBatchException("A record is empty");
        }
        bytes.get(); // Attributes: none are assigned.
        long timestampDelta = Varints.readLong(bytes);
        int offsetDelta = Varints.readInt(bytes);
        ByteBuffer key = readNullable(bytes);
        ByteBuffer value = readNullable(bytes);
        List<RecordHeader> headers = readHeaders(bytes);
        if (bytes.hasRemaining()) {
            throw new CorruptBatchException(
                    bytes.remaining() + " bytes follow the last header of a record");
        }
        long timestamp =
                logAppendTimeMs != null ? logAppendTimeMs : baseTimestampMs + timestampDelta;
        return new StoredRecord(baseOffset + offsetDelta, timestamp, key, value, headers);
    }

    private static List<RecordHeader> readHeaders(ByteBuffer bytes) {
        int count = Varints.readInt(bytes);
        if (count < 0 || count > bytes.remaining()) {
            throw new CorruptBatchException("A record claims " + count + " headers");
        }
        if (count == 0) {
            return List.of();
        }
        List<RecordHeader> headers = new ArrayList<>(Math.min(count, 16));
        for (int i = 0; i < count; i++) {
            ByteBuffer name = readNullable(bytes);
            if (name == null) {
                throw new CorruptBatchException("A header has no key");
            }
            String key = StandardCharsets.UTF_8.decode(name).toString();
            headers.add(new RecordHeader(key, toArray(readNullable(bytes))));
        }
        return List.copyOf(headers);
    }

    private static @Nullable ByteBuffer readNullable(ByteBuffer bytes) {
        int size = Varints.readInt(bytes);
        if (size == NULL_SIZE) {
            return null;
        }
        if (size < 0 || size > bytes.remaining()) {
            throw new CorruptBatchException(
                    "A field claims " + size + " bytes, " + bytes.remaining() + " are left");
        }
        ByteBuffer field = bytes.slice(bytes.position(), size);
        bytes.position(bytes.position() + size);
        return field;
    }

    private static byte @Nullable [] toArray(@Nullable ByteBuffer bytes) {
        if (bytes == null) {
            return null;
        }
        byte[] array = new byte[bytes.remaining()];
        bytes.get(bytes.position(), array);
        return array;
    }

    /** The most bytes that a record can take, its length field included. */
    static long maxSizeInBytes(
            @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<RecordHeader> headers) {
        return Varints.MAX_INT_BYTES
                + 1L
                + Varints.MAX_LONG_BYTES
                + Varints.MAX_INT_BYTES
                + fieldsSize(key, value, encodeNames(headers), headers);
    }

    /** Encodes header names once: their size is needed before they are written. */
    static List<byte[]> encodeNames(List<RecordHeader> headers) {
        if (headers.isEmpty()) {
            return List.of();
        }
        List<byte[]> names = new ArrayList<>(headers.size());
        for (RecordHeader header : headers) {
            names.add(header.key().getBytes(StandardCharsets.UTF_8));
        }
        return names;
    }

    /** The size of a record's bytes after its length field. */
    static long bodySize(
            long timestampDelta,
            int offsetDelta,
            @Nullable ByteBuffer key,
            @Nullable ByteBuffer value,
            List<byte[]> names,
            List<RecordHeader> headers) {
        return 1L
                + Varints.sizeOf(timestampDelta)
                + Varints.sizeOf(offsetDelta)
                + fieldsSize(key, value, names, headers);
    }

    private static long fieldsSize(
            @Nullable ByteBuffer key,
            @Nullable ByteBuffer value,
            List<byte[]> names,
            List<RecordHeader> headers) {
        long size = nullableSize(key) + nullableSize(value) + Varints.sizeOf(headers.size());
        for (int i = 0; i < headers.size(); i++) {
            byte[] value2 = headers.get(i).value();
            size += Varints.sizeOf(names.get(i).length) + names.get(i).length;
            size +=
                    value2 == null
                            ? Varints.sizeOf(NULL_SIZE)
                            : Varints.sizeOf(value2.length) + value2.length;
        }
        return size;
    }

    private static long nullableSize(@Nullable ByteBuffer bytes) {
        return bytes == null
                ? Varints.sizeOf(NULL_SIZE)
                : (long) Varints.sizeOf(bytes.remaining()) + bytes.remaining();
    }

    /** Writes a record at the buffer's position; key and value are not consumed. */
    static void write(
            ByteBuffer target,
            int bodySize,
            long timestampDelta,
            int offsetDelta,
            @Nullable ByteBuffer key,
            @Nullable ByteBuffer value,
            List<byte[]> names,
            List<RecordHeader> headers) {
        Varints.write(target, bodySize);
        target.put((byte) 0);
        Varints.write(target, timestampDelta);
        Varints.write(target, offsetDelta);
        writeNullable(target, key);
        writeNullable(target, value);
        Varints.write(target, headers.size());
        for (int i = 0; i < headers.size(); i++) {
            byte[] name = names.get(i);
            Varints.write(target, name.length);
            target.put(name);
            byte[] headerValue = headers.get(i).value();
            if (headerValue == null) {
                Varints.write(target, NULL_SIZE);
            } else {
                Varints.write(target, headerValue.length);
                target.put(headerValue);
            }
        }
    }

    private static void writeNullable(ByteBuffer target, @Nullable ByteBuffer bytes) {
        if (bytes == null) {
            Varints.write(target, NULL_SIZE);
        } else {
            Varints.write(target, bytes.remaining());
            target.put(target.position(), bytes, bytes.position(), bytes.remaining());
            target.position(target.position() + bytes.remaining());
        }
    }
}
