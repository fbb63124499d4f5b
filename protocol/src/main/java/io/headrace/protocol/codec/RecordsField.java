package io.headrace.protocol.codec;

import io.headrace.protocol.codec.OutboundFrame.Bytes;
import io.headrace.protocol.codec.OutboundFrame.Part;

import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordsSend;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * The value of a message's field of type {@code records}: bytes in memory or ranges of files, never
 * looked into and never copied by the codec.
 */
public final class RecordsField implements BaseRecords {
    private static final RecordsField EMPTY = new RecordsField(List.of(), 0);

    private final List<Part> parts;
    private final int sizeInBytes;

    private RecordsField(List<Part> parts, int sizeInBytes) {
        this.parts = parts;
        this.sizeInBytes = sizeInBytes;
    }

    public static RecordsField empty() {
        return EMPTY;
    }

    /** The buffer's remaining bytes; the buffer must not change until the message is written. */
    public static RecordsField of(ByteBuffer bytes) {
        return of(List.of(Bytes.of(bytes)));
    }

    public static RecordsField of(Part part) {
        return of(List.of(part));
    }

    public static RecordsField of(List<Part> parts) {
        int size = 0;
        for (Part part : parts) {
            size = Math.addExact(size, part.sizeInBytes());
        }
        return new RecordsField(List.copyOf(parts), size);
    }

    /**
     * The bytes of a decoded field, sharing the frame's memory; null for an absent field.
     *
     * @throws IllegalArgumentException if the field holds file ranges, which are only ever sent
     */
    public static @Nullable ByteBuffer bytes(@Nullable BaseRecords field) {
        return switch (field) {
            case null -> null;
            case MemoryRecords memory -> memory.buffer();
            case RecordsField records when records.parts.isEmpty() -> ByteBuffer.allocate(0);
            case RecordsField records
                    when records.parts.size() == 1
                            && records.parts.getFirst() instanceof Bytes bytes ->
                    bytes.buffer().duplicate();
            default -> throw new IllegalArgumentException("Not in memory: " + field.getClass());
        };
    }

    List<Part> parts() {
        return parts;
    }

    @Override
    public int sizeInBytes() {
        return sizeInBytes;
    }

    @Override
    public RecordsSend<? extends BaseRecords> toSend() {
        throw new IllegalStateException("Written by MessageWriter, never by Kafka's network code");
    }
}
