package io.headrace.protocol.codec;

import io.headrace.protocol.codec.OutboundFrame.Bytes;
import io.headrace.protocol.codec.OutboundFrame.Part;

import org.apache.kafka.common.message.RequestHeaderData;
import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.MessageSizeAccumulator;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.Writable;
import org.apache.kafka.common.record.internal.BaseRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Encodes messages to {@link OutboundFrame}s; records are passed on, not copied. */
public final class MessageWriter {
    private MessageWriter() {}

    /** A request with its header. */
    public static OutboundFrame request(
            ApiSchema api, short version, int correlationId, String clientId, ApiMessage body) {
        RequestHeaderData header =
                new RequestHeaderData()
                        .setRequestApiKey(api.key())
                        .setRequestApiVersion(version)
                        .setCorrelationId(correlationId)
                        .setClientId(clientId);
        return write(header, api.requestHeader().of(version), body, version);
    }

    /** A response with its header. */
    public static OutboundFrame response(RequestHead request, ApiMessage body) {
        return response(request.api(), request.apiVersion(), request.correlationId(), body);
    }

    /** A response with its header, in the given version of the API. */
    public static OutboundFrame response(
            ApiSchema api, short version, int correlationId, ApiMessage body) {
        ResponseHeaderData header = new ResponseHeaderData().setCorrelationId(correlationId);
        return write(header, api.responseHeader().of(version), body, version);
    }

    /** A message's body alone, in memory. */
    public static ByteBuffer bytes(Message body, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        ByteBuffer buffer = ByteBuffer.allocate(body.size(cache, version));
        body.write(new ByteBufferAccessor(buffer), cache, version);
        return buffer.flip();
    }

    private static OutboundFrame write(
            Message header, short headerVersion, Message body, short version) {
        ObjectSerializationCache cache = new ObjectSerializationCache();
        MessageSizeAccumulator size = new MessageSizeAccumulator();
        header.addSize(size, cache, headerVersion);
        body.addSize(size, cache, version);
        PartWriter writer = new PartWriter(ByteBuffer.allocate(size.sizeExcludingZeroCopy()));
        header.write(writer, cache, headerVersion);
        body.write(writer, cache, version);
        return new OutboundFrame(writer.finish(), size.totalSize());
    }

    /** Writes small fields to one buffer and puts records between slices of it. */
    private static final class PartWriter implements Writable {
        private final ByteBuffer buffer;
        private final ByteBufferAccessor plain;
        private final List<Part> parts = new ArrayList<>(3);
        private int sliceStart;

        PartWriter(ByteBuffer buffer) {
            this.buffer = buffer;
            this.plain = new ByteBufferAccessor(buffer);
        }

        List<Part> finish() {
            endSlice();
            return parts;
        }

        private void endSlice() {
            if (buffer.position() > sliceStart) {
                int length = buffer.position() - sliceStart;
                parts.add(Bytes.of(buffer.slice(sliceStart, length)));
                sliceStart = buffer.position();
            }
        }

        @Override
        public void writeRecords(BaseRecords records) {
            endSlice();
            switch (records) {
                case RecordsField field -> parts.addAll(field.parts());
                case MemoryRecords memory -> parts.add(Bytes.of(memory.buffer()));
                default -> throw new IllegalArgumentException("" + records.getClass());
            }
        }

        @Override
        public void writeByteBuffer(ByteBuffer bytes) {
            // Sized as zero-copy by the generated code, which has no other large fields of this
            // kind.
            endSlice();
            parts.add(Bytes.of(bytes.duplicate()));
        }

        @Override
        public void writeByte(byte value) {
            plain.writeByte(value);
        }

        @Override
        public void writeShort(short value) {
            plain.writeShort(value);
        }

        @Override
        public void writeInt(int value) {
            plain.writeInt(value);
        }

        @Override
        public void writeLong(long value) {
            plain.writeLong(value);
        }

        @Override
        public void writeDouble(double value) {
            plain.writeDouble(value);
        }

        @Override
        public void writeByteArray(byte[] value) {
            plain.writeByteArray(value);
        }

        @Override
        public void writeUnsignedVarint(int value) {
            plain.writeUnsignedVarint(value);
        }

        @Override
        public void writeVarint(int value) {
            plain.writeVarint(value);
        }

        @Override
        public void writeVarlong(long value) {
            plain.writeVarlong(value);
        }
    }
}
