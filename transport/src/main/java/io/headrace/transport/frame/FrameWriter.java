package io.headrace.transport.frame;

import io.headrace.protocol.codec.FileRange;
import io.headrace.protocol.codec.OutboundFrame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.DefaultFileRegion;

/**
 * Writes outbound frames to a channel: small ones copied into one buffer, memory of larger ones
 * wrapped, and file ranges sent by the kernel.
 */
public final class FrameWriter {
    /** Up to here a copy costs less than the channel's account of several parts. */
    private static final int SMALL_BYTES = 4 * 1024;

    private FrameWriter() {}

    /**
     * Queues the frame and its length prefix without flushing. Every part is released, also when
     * the channel is closed. Called on the channel's event loop.
     *
     * @return the future of the last part
     */
    public static ChannelFuture write(Channel channel, OutboundFrame frame) {
        if (frame.sizeInBytes() <= SMALL_BYTES && isInMemory(frame)) {
            return writeWhole(channel, frame);
        }
        ByteBuf prefix = channel.alloc().directBuffer(4).writeInt(frame.sizeInBytes());
        ChannelFuture last = channel.write(prefix);
        for (OutboundFrame.Part part : frame.parts()) {
            last =
                    switch (part) {
                        case OutboundFrame.Bytes bytes -> {
                            ByteBuf wrapped = Unpooled.wrappedBuffer(bytes.buffer());
                            yield channel.write(wrapped).addListener(ignored -> bytes.release());
                        }
                        case FileRange range -> channel.write(new HeldFileRegion(range));
                    };
        }
        return last;
    }

    private static boolean isInMemory(OutboundFrame frame) {
        for (OutboundFrame.Part part : frame.parts()) {
            if (!(part instanceof OutboundFrame.Bytes)) {
                return false;
            }
        }
        return true;
    }

    private static ChannelFuture writeWhole(Channel channel, OutboundFrame frame) {
        ByteBuf whole = channel.alloc().directBuffer(4 + frame.sizeInBytes());
        whole.writeInt(frame.sizeInBytes());
        for (OutboundFrame.Part part : frame.parts()) {
            if (part instanceof OutboundFrame.Bytes bytes) {
                whole.writeBytes(bytes.buffer().duplicate());
            }
        }
        frame.release();
        return channel.write(whole);
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
