package io.headrace.transport.frame;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.codec.FileRange;
import io.headrace.protocol.codec.OutboundFrame;
import io.netty.buffer.ByteBuf;
import io.netty.channel.FileRegion;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

class FrameWriterTest {
    private static final int SMALL = FrameWriter.COPIED_BYTES;
    private static final int LARGE = FrameWriter.COPIED_BYTES + 1;

    private final long seed = Long.getLong("seed", new Random().nextLong());
    private final Random random = new Random(seed);
    private final byte[] content = new byte[100_000];
    private final List<Integer> released = new ArrayList<>();
    private final EmbeddedChannel channel = new EmbeddedChannel();

    @TempDir private Path folder;
    private FileChannel file;

    @BeforeEach
    void write() throws IOException {
        random.nextBytes(content);
        file = FileChannel.open(Files.write(folder.resolve("records"), content));
    }

    @AfterEach
    void close() throws IOException {
        channel.finishAndReleaseAll();
        file.close();
    }

    private OutboundFrame.Part bytes(int number, int from, int size) {
        return new OutboundFrame.Bytes(
                ByteBuffer.wrap(content, from, size), () -> released.add(number));
    }

    private OutboundFrame.Part range(int number, int from, int size) {
        return new FileRange(file, from, size, () -> released.add(number));
    }

    private static OutboundFrame frame(List<OutboundFrame.Part> parts) {
        int bytes = parts.stream().mapToInt(OutboundFrame.Part::sizeInBytes).sum();
        return new OutboundFrame(parts, bytes);
    }

    /** What was written, message by message: buffers and file regions. */
    private List<byte[]> written() throws IOException {
        channel.flush();
        List<byte[]> all = new ArrayList<>();
        for (Object message = channel.readOutbound();
                message != null;
                message = channel.readOutbound()) {
            if (message instanceof FileRegion region) {
                ByteArrayOutputStream sent = new ByteArrayOutputStream();
                region.transferTo(Channels.newChannel(sent), 0);
                all.add(sent.toByteArray());
            } else {
                ByteBuf buffer = (ByteBuf) message;
                byte[] sent = new byte[buffer.readableBytes()];
                buffer.readBytes(sent);
                all.add(sent);
            }
            ReferenceCountUtil.release(message);
        }
        return all;
    }

    private static byte[] joined(List<byte[]> messages) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        messages.forEach(all::writeBytes);
        return all.toByteArray();
    }

    @Test
    void aSmallFrameIsOneMessageWithItsPrefixAlsoWhenAFileIsAPartOfIt() throws IOException {
        FrameWriter.write(
                channel, frame(List.of(bytes(0, 0, 50), range(1, 50, SMALL), bytes(2, 9000, 3))));
        List<byte[]> messages = written();
        assertThat(messages).hasSize(1);
        ByteBuffer message = ByteBuffer.wrap(messages.getFirst());
        assertThat(message.getInt()).isEqualTo(53 + SMALL).isEqualTo(message.remaining());
        assertThat(message.slice(4, 50 + SMALL)).isEqualTo(ByteBuffer.wrap(content, 0, 50 + SMALL));
        assertThat(message.slice(54 + SMALL, 3)).isEqualTo(ByteBuffer.wrap(content, 9000, 3));
        assertThat(released).containsExactly(0, 1, 2);
    }

    @Test
    void aLargeRangeIsLeftToTheKernel() throws IOException {
        FrameWriter.write(
                channel, frame(List.of(bytes(0, 0, 50), range(1, 50, LARGE), bytes(2, 0, 7))));
        channel.flush();
        assertThat(channel.outboundMessages()).hasSize(3);
        assertThat(channel.outboundMessages()).element(1).isInstanceOf(FileRegion.class);
        assertThat(joined(written())).hasSize(4 + 57 + LARGE);
        assertThat(released).containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    void anyPartsArriveOnceInTheirOrder() throws IOException {
        for (int round = 0; round < 200; round++) {
            released.clear();
            List<OutboundFrame.Part> parts = new ArrayList<>();
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            int count = random.nextInt(20);
            for (int i = 0; i < count; i++) {
                int size = random.nextInt(random.nextBoolean() ? 200 : 3 * SMALL);
                int from = random.nextInt(content.length - size);
                parts.add(random.nextBoolean() ? bytes(i, from, size) : range(i, from, size));
                expected.write(content, from, size);
            }
            FrameWriter.write(channel, frame(parts));
            ByteBuffer sent = ByteBuffer.wrap(joined(written()));
            assertThat(sent.getInt()).as("seed %d", seed).isEqualTo(expected.size());
            assertThat(sent.slice()).isEqualTo(ByteBuffer.wrap(expected.toByteArray()));
            assertThat(released).as("seed %d", seed).doesNotHaveDuplicates().hasSize(count);
        }
    }

    @Test
    void aFileThatEndsTooSoonClosesTheChannelAndReleasesEveryPart() {
        FrameWriter.write(
                channel,
                frame(
                        List.of(
                                bytes(0, 0, 5),
                                range(1, content.length - 10, 11),
                                bytes(2, 0, 5),
                                range(3, 0, LARGE))));
        assertThat(channel.isOpen()).isFalse();
        assertThat(released).containsExactlyInAnyOrder(0, 1, 2, 3);
    }
}
