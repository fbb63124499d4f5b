package io.headrace.benchmarks.floor;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

import org.jspecify.annotations.Nullable;

/** Cuts the stream into frames; each is gathered in one buffer of its length. */
final class FloorFrames extends ChannelInboundHandlerAdapter {
    private final ByteBuf length = Unpooled.buffer(4, 4);
    private @Nullable ByteBuf frame;

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            while (bytes.isReadable()) {
                ByteBuf current = frame;
                if (current == null) {
                    length.writeBytes(
                            bytes, Math.min(length.writableBytes(), bytes.readableBytes()));
                    if (length.isWritable()) {
                        return;
                    }
                    int size = length.readInt();
                    length.clear();
                    current = context.alloc().directBuffer(size, size);
                    frame = current;
                }
                bytes.readBytes(current, Math.min(current.writableBytes(), bytes.readableBytes()));
                if (!current.isWritable()) {
                    frame = null;
                    context.fireChannelRead(current);
                }
            }
        } finally {
            bytes.release();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        ByteBuf unfinished = frame;
        if (unfinished != null) {
            unfinished.release();
        }
        length.release();
    }
}
