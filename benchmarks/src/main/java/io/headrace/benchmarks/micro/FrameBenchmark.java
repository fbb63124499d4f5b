package io.headrace.benchmarks.micro;

import io.headrace.transport.frame.FrameDecoder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.util.concurrent.TimeUnit;

/** Cutting frames out of reads of 64 KB: what each byte costs before anybody looks at it. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"})
public class FrameBenchmark {
    private static final int READ_BYTES = 64 << 10;

    /** The frame's size. */
    @Param({"1000", "1000000"})
    public int sizeInBytes;

    private @Nullable EmbeddedChannel channel;
    private long received;

    @Setup
    public void open() {
        channel = new EmbeddedChannel(new FrameDecoder(new Counting()));
    }

    @TearDown
    public void close() {
        if (channel != null) {
            channel.finishAndReleaseAll();
        }
    }

    @Benchmark
    public long decodeOneFrame() {
        EmbeddedChannel open = channel;
        if (open == null) {
            throw new IllegalStateException("not open");
        }
        int left = 4 + sizeInBytes;
        boolean isFirst = true;
        while (left > 0) {
            int count = Math.min(left, READ_BYTES);
            ByteBuf read = PooledByteBufAllocator.DEFAULT.directBuffer(count, count);
            if (isFirst) {
                read.setInt(0, sizeInBytes);
                isFirst = false;
            }
            open.writeInbound(read.writerIndex(count));
            left -= count;
        }
        return received;
    }

    private final class Counting implements FrameDecoder.Sink {
        @Override
        public @Nullable String refuse(int length, short firstShort) {
            return null;
        }

        @Override
        public boolean reserve(int length) {
            return true;
        }

        @Override
        public void onFrame(ByteBuf frame, int reservedBytes) {
            received += frame.readableBytes();
            frame.release();
        }

        @Override
        public void unreserve(int bytes) {}

        @Override
        public void onBadStream(String reason) {
            throw new IllegalStateException(reason);
        }

        @Override
        public void onReadComplete() {}
    }
}
