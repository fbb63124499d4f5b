package io.headrace.transport.frame;

import io.headrace.protocol.codec.FileRange;
import io.headrace.protocol.codec.OutboundFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.DefaultFileRegion;

import java.io.EOFException;
import java.io.IOException;
import java.util.List;

/**
 * Writes outbound frames to a channel. Large parts go as they are: memory is wrapped, file ranges
 * are sent by the kernel. Small neighbours are copied into one buffer, since a copy costs less than
 * a system call, and less than waking up the peer for each of them.
 */
public final class FrameWriter {
    /** A part of up to so many bytes is copied. */
    static final int COPIED_BYTES = 8 << 10;

    private static final int PREFIX_BYTES = 4;
    private static final int GATHERED_BYTES = 64 << 10;

    private FrameWriter() {}

    /**
     * Queues the frame and its length prefix without flushing. Every part is released, also when
     * the channel is closed; a file that is shorter than its range closes the channel, as the peer
     * waits for what the prefix says. Called on the channel's event loop.
     */
    public static void write(Channel channel, OutboundFrame frame) {
        List<OutboundFrame.Part> parts = frame.parts();
        int next = 0;
        int prefix = PREFIX_BYTES;
        do {
            int end = endOfSmall(parts, next, prefix);
            if (end > next || prefix > 0) {
                ByteBuf gathered = channel.alloc().directBuffer(prefix + sum(parts, next, end));
                if (prefix > 0) {
                    gathered.writeInt(frame.sizeInBytes());
                    prefix = 0;
                }
                try {
                    for (; next < end; next++) {
                        copy(parts.get(next), gathered);
                    }
                } catch (IOException e) {
                    gathered.release();
                    parts.subList(next + 1, parts.size()).forEach(OutboundFrame.Part::release);
                    channel.close();
                    return;
                }
                channel.write(gathered);
            }
            if (next < parts.size()) {
                writeWhole(channel, parts.get(next++));
            }
        } while (next < parts.size());
    }

    /** The first part from a start on that is not to be copied behind the ones before it. */
    private static int endOfSmall(List<OutboundFrame.Part> parts, int start, int before) {
        int bytes = before;
        int end = start;
        while (end < parts.size()) {
            int size = parts.get(end).sizeInBytes();
            if (size > COPIED_BYTES || bytes + size > GATHERED_BYTES) {
                return end;
            }
            bytes += size;
            end++;
        }
        return end;
    }

    private static int sum(List<OutboundFrame.Part> parts, int start, int end) {
        int bytes = 0;
        for (int i = start; i < end; i++) {
            bytes += parts.get(i).sizeInBytes();
        }
        return bytes;
    }

    /** Copies a part and releases it, also when its file cannot be read. */
    private static void copy(OutboundFrame.Part part, ByteBuf target) throws IOException {
        try {
            switch (part) {
                case OutboundFrame.Bytes bytes -> target.writeBytes(bytes.buffer());
                case FileRange range -> read(range, target);
            }
        } finally {
            part.release();
        }
    }

    private static void read(FileRange range, ByteBuf target) throws IOException {
        int done = 0;
        while (done < range.sizeInBytes()) {
            int left = range.sizeInBytes() - done;
            int read = target.writeBytes(range.file(), range.position() + done, left);
            if (read < 0) {
                throw new EOFException("A file ended within a range that is to be sent");
            }
            done += read;
        }
    }

    private static void writeWhole(Channel channel, OutboundFrame.Part part) {
        switch (part) {
            case OutboundFrame.Bytes bytes ->
                    channel.write(Unpooled.wrappedBuffer(bytes.buffer()))
                            .addListener(ignored -> bytes.release());
            case FileRange range -> channel.write(new HeldFileRegion(range));
        }
    }

    /** A region whose file is given back, not closed, when it is sent or dropped. */
    private static final class HeldFileRegion extends DefaultFileRegion {
        private final FileRange range;

        HeldFileRegion(FileRange range) {
            super(range.file(), range.position(), range.sizeInBytes());
            this.range = range;
        }

        @Override
        protected void deallocate() {
            range.release();
        }
    }
}
