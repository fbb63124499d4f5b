package io.headrace.transport.frame;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

import org.jspecify.annotations.Nullable;

/**
 * Cuts a byte stream into frames: a 4-byte length, then that many bytes.
 *
 * <p>A frame's memory is taken in two steps: at most {@link #UNRESERVED_BYTES} when the length is
 * known, the rest once the sink granted the whole length. Until then nothing is read. With {@link
 * #receive}, what comes after that is read from the socket straight into the frame. Confined to the
 * channel's event loop.
 */
public final class FrameDecoder extends ChannelInboundHandlerAdapter {
    /** What a frame may hold before its length is reserved. */
    public static final int UNRESERVED_BYTES = 16 * 1024;

    /** Where frames go, and who bounds them. */
    public interface Sink {
        /**
         * Judges a frame by its length and first two bytes (the API key of a request).
         *
         * @return null to accept, otherwise why the connection is closed
         */
        @Nullable String refuse(int length, short firstShort);

        /** Reserves a whole frame; false pauses the decoder until {@link FrameDecoder#resume}. */
        boolean reserve(int length);

        /** Takes a frame and the duty to release it and its reservation of that many bytes. */
        void onFrame(ByteBuf frame, int reservedBytes);

        /** Gives back the reservation of a frame that never became whole. */
        void unreserve(int bytes);

        /** The stream is no sequence of frames. */
        void onBadStream(String reason);

        /** All that was read is decoded. */
        void onReadComplete();
    }

    private final Sink sink;
    private final ByteBuf head;
    private @Nullable ByteBuf frame;
    private int frameLength;
    private int reserved;
    private boolean paused;
    private boolean broken;
    private @Nullable ByteBuf pending;

    public FrameDecoder(Sink sink) {
        this.sink = sink;
        this.head = Unpooled.buffer(6, 6);
    }

    /**
     * Has the channel's reads go into the frames that this decoder fills. Before the first read.
     */
    public void receive(Channel channel) {
        channel.config().setRecvByteBufAllocator(new FrameReads(this));
    }

    /**
     * Where the next bytes of the stream belong, with room for at least one; null when that is not
     * known before they are looked at.
     */
    @Nullable ByteBuf openFrame() {
        ByteBuf current = frame;
        if (current == null || reserved == 0 || paused || broken || pending != null) {
            return null;
        }
        if (!current.isWritable()) {
            grow(current, 1);
        }
        return current;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the very buffer that was handed out, not an equal one
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        if (bytes == frame) {
            bytes.release(); // the reader's own use of it
            completeIfWhole(bytes);
        } else if (broken) {
            bytes.release();
        } else if (pending != null) {
            pending = ctx.alloc().compositeBuffer().addComponents(true, pending, bytes);
        } else {
            decode(ctx, bytes);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        sink.onReadComplete();
    }

    /** Goes on after a refused reservation. Called on the event loop. */
    public void resume(ChannelHandlerContext ctx) {
        if (!paused || broken) {
            return;
        }
        paused = false;
        ByteBuf bytes = pending;
        pending = null;
        decode(ctx, bytes == null ? Unpooled.EMPTY_BUFFER : bytes);
        sink.onReadComplete();
    }

    /** Whether the decoder waits for memory. */
    public boolean isPaused() {
        return paused;
    }

    /** Whether some but not all bytes of a frame have arrived. */
    public boolean inFrame() {
        return frame != null || head.readableBytes() > 0;
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        broken = true;
        dropFrame();
        if (pending != null) {
            pending.release();
            pending = null;
        }
        head.release();
    }

    private void decode(ChannelHandlerContext ctx, ByteBuf bytes) {
        try {
            while (!broken && !paused && (bytes.isReadable() || frameIsWhole())) {
                ByteBuf current = frame != null ? frame : startFrame(ctx, bytes);
                if (current != null) {
                    fillFrame(current, bytes);
                }
            }
        } finally {
            if (paused && !broken && bytes.isReadable()) {
                pending = bytes;
            } else {
                bytes.release();
            }
        }
    }

    private boolean frameIsWhole() {
        return frame != null && frame.readableBytes() == frameLength;
    }

    private @Nullable ByteBuf startFrame(ChannelHandlerContext ctx, ByteBuf bytes) {
        int missing = 6 - head.readableBytes();
        head.writeBytes(bytes, Math.min(missing, bytes.readableBytes()));
        boolean tooShort = head.readableBytes() >= 4 && head.getInt(0) < 2;
        if (head.readableBytes() < 6 && !tooShort) {
            return null;
        }
        if (tooShort) {
            broken = true;
            String refusal = "A frame of " + head.readInt() + " bytes";
            head.clear();
            sink.onBadStream(refusal);
            return null;
        }
        frameLength = head.readInt();
        short firstShort = head.getShort(4);
        String refusal = sink.refuse(frameLength, firstShort);
        if (refusal != null) {
            broken = true;
            head.clear();
            sink.onBadStream(refusal);
            return null;
        }
        int room = Math.min(frameLength, UNRESERVED_BYTES);
        ByteBuf started = ctx.alloc().directBuffer(room, frameLength).writeShort(firstShort);
        frame = started;
        head.clear();
        return started;
    }

    private void fillFrame(ByteBuf current, ByteBuf bytes) {
        int room = Math.min(frameLength, UNRESERVED_BYTES);
        if (reserved == 0 && (frameLength <= UNRESERVED_BYTES || current.readableBytes() >= room)) {
            if (!sink.reserve(frameLength)) {
                paused = true;
                return;
            }
            reserved = frameLength;
        }
        int limit = reserved > 0 ? frameLength : room;
        int wanted = Math.min(limit - current.readableBytes(), bytes.readableBytes());
        if (current.writableBytes() < wanted) {
            grow(current, wanted);
        }
        current.writeBytes(bytes, wanted);
        completeIfWhole(current);
    }

    /** Doubling up to the frame's length: memory follows the bytes that really came. */
    private void grow(ByteBuf current, int wanted) {
        long doubled = Math.max(1L << 20, 2L * current.capacity());
        int needed = current.readableBytes() + wanted;
        current.capacity((int) Math.min(frameLength, Math.max(doubled, needed)));
    }

    private void completeIfWhole(ByteBuf current) {
        if (current.readableBytes() == frameLength) {
            int held = reserved;
            frame = null;
            reserved = 0;
            sink.onFrame(current, held);
        }
    }

    private void dropFrame() {
        if (frame != null) {
            frame.release();
            frame = null;
        }
        if (reserved > 0) {
            sink.unreserve(reserved);
            reserved = 0;
        }
    }
}
