package io.headrace.protocol.codec;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * One message on its way out, without its length prefix: a sequence of byte buffers and file
 * ranges. Whoever writes it releases every part exactly once, also when writing fails.
 *
 * @param sizeInBytes the sum of the parts' sizes
 */
public record OutboundFrame(List<Part> parts, int sizeInBytes) {

    /** A piece of a frame. */
    public sealed interface Part permits Bytes, FileRange {
        int sizeInBytes();

        /** Gives back what backs this part; called once, after writing or instead of it. */
        void release();
    }

    /** Bytes in memory, from position to limit. */
    public record Bytes(ByteBuffer buffer, Runnable onRelease) implements Part {
        public static Bytes of(ByteBuffer buffer) {
            return new Bytes(buffer, Bytes::nothing);
        }

        @Override
        public int sizeInBytes() {
            return buffer.remaining();
        }

        private static void nothing() {}

        @Override
        public void release() {
            onRelease.run();
        }
    }

    public static OutboundFrame of(ByteBuffer bytes) {
        return new OutboundFrame(List.of(Bytes.of(bytes)), bytes.remaining());
    }

    public void release() {
        for (Part part : parts) {
            part.release();
        }
    }
}
