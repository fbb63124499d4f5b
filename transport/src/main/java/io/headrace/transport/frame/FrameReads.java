package io.headrace.transport.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;

/**
 * Where a channel's reads go: into the frame that is being filled, which saves copying it; into a
 * small buffer when the next bytes begin a frame. Of one channel, on its event loop.
 */
final class FrameReads extends DefaultMaxMessagesRecvByteBufAllocator {
    /** Enough for many small requests, and little of a large one. */
    private static final int HEAD_READ_BYTES = 16 * 1024;

    /** Then answers are written and other channels have their turn. */
    private static final int READS_IN_A_ROW = 8;

    private final FrameDecoder decoder;

    FrameReads(FrameDecoder decoder) {
        super(READS_IN_A_ROW);
        this.decoder = decoder;
    }

    @Override
    @SuppressWarnings("deprecation") // Netty's own channels ask for this handle
    public RecvByteBufAllocator.Handle newHandle() {
        return new MaxMessageHandle() {
            @Override
            public ByteBuf allocate(ByteBufAllocator allocator) {
                ByteBuf frame = decoder.openFrame();
                return frame == null ? allocator.ioBuffer(HEAD_READ_BYTES) : frame.retain();
            }

            @Override
            public int guess() {
                return HEAD_READ_BYTES;
            }
        };
    }
}
