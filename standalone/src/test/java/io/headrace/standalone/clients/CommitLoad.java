package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;

import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponsePartition;
import org.apache.kafka.common.message.OffsetCommitResponseData.OffsetCommitResponseTopic;
import org.apache.kafka.common.protocol.ApiKeys;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Commits offsets over connections of its own, a group each, with some requests under way on each.
 * Requests are made once and only their offsets and ids change; every answer is compared with what
 * it must be. So next to all of the time is the server's.
 */
final class CommitLoad implements AutoCloseable {
    private static final ApiSchema COMMIT = ApiCatalog.get(ApiKeys.OFFSET_COMMIT);
    private static final short VERSION = 9;
    private static final int CORRELATION_ID_AT = 4 + 2 + 2;
    private static final int ANSWER_ID_AT = 4;
    private static final long MARKER = 0x7eed_face_0bad_cafeL;

    private final Selector selector;
    private final List<Link> links = new ArrayList<>();

    /**
     * Connects.
     *
     * @param groups one connection for each
     * @param underWay how many requests each has under way at most
     */
    CommitLoad(String address, List<String> groups, String topic, int partitions, int underWay)
            throws IOException {
        selector = Selector.open();
        int colon = address.lastIndexOf(':');
        InetSocketAddress server =
                new InetSocketAddress(
                        address.substring(0, colon),
                        Integer.parseInt(address.substring(colon + 1)));
        for (String group : groups) {
            links.add(new Link(server, group, topic, partitions, underWay));
        }
    }

    /**
     * Commits until that time, then waits for what is under way.
     *
     * @return how many requests were answered
     */
    long run(long untilNanos) throws IOException {
        long before = answered();
        for (Link link : links) {
            link.fill();
        }
        boolean underWay = true;
        while (underWay) {
            selector.select(10_000);
            boolean goOn = System.nanoTime() < untilNanos;
            for (SelectionKey key : selector.selectedKeys()) {
                ((Link) key.attachment()).onReady(goOn);
            }
            assertThat(selector.selectedKeys()).as("links that answer within 10 s").isNotEmpty();
            selector.selectedKeys().clear();
            underWay = links.stream().anyMatch(link -> link.sent > link.answered);
        }
        return answered() - before;
    }

    private long answered() {
        return links.stream().mapToLong(link -> link.answered).sum();
    }

    /** The offset that each group must have by now, in the order of the groups. */
    List<Long> lastOffsets() {
        return links.stream().map(link -> (long) link.answered).toList();
    }

    @Override
    public void close() throws IOException {
        for (Link link : links) {
            link.channel.close();
        }
        selector.close();
    }

    /** One connection: its n-th request commits n for every partition. */
    private final class Link {
        private final SocketChannel channel;
        private final SelectionKey key;
        private final ByteBuffer request;
        private final List<Integer> offsetsAt = new ArrayList<>();
        private final ByteBuffer answer;
        private final int underWay;
        private final ByteBuffer out;
        private final ByteBuffer in = ByteBuffer.allocateDirect(64 * 1024);
        private int sent;
        private int answered;

        Link(InetSocketAddress server, String group, String topic, int partitions, int underWay)
                throws IOException {
            this.underWay = underWay;
            request =
                    withLength(
                            MessageWriter.request(
                                    COMMIT, VERSION, 0, "c", body(group, topic, partitions)));
            for (int at = 0; at + 8 <= request.limit(); at++) {
                if (request.getLong(at) == MARKER) {
                    offsetsAt.add(at);
                }
            }
            assertThat(offsetsAt).hasSize(partitions);
            answer =
                    withLength(
                            MessageWriter.response(COMMIT, VERSION, 0, answer(topic, partitions)));
            out = ByteBuffer.allocateDirect(underWay * request.limit());
            channel = SocketChannel.open(server);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            key = channel.register(selector, SelectionKey.OP_READ, this);
        }

        void onReady(boolean goOn) throws IOException {
            if (channel.read(in) < 0) {
                throw new IOException("The server closed a connection");
            }
            in.flip();
            while (in.remaining() >= answer.limit()) {
                checkAnswer();
            }
            in.compact();
            if (goOn) {
                fill();
            } else {
                write();
            }
        }

        private void checkAnswer() {
            answered++;
            answer.putInt(ANSWER_ID_AT, answered);
            ByteBuffer got = in.slice(in.position(), answer.limit());
            assertThat(got).as("the answer to commit %d", answered).isEqualTo(answer);
            in.position(in.position() + answer.limit());
        }

        void fill() throws IOException {
            while (sent - answered < underWay && out.remaining() >= request.limit()) {
                sent++;
                request.putInt(CORRELATION_ID_AT, sent);
                for (int at : offsetsAt) {
                    request.putLong(at, sent);
                }
                out.put(request.duplicate());
            }
            write();
        }

        private void write() throws IOException {
            out.flip();
            channel.write(out);
            key.interestOps(
                    out.hasRemaining()
                            ? SelectionKey.OP_READ | SelectionKey.OP_WRITE
                            : SelectionKey.OP_READ);
            out.compact();
        }
    }

    private static OffsetCommitRequestData body(String group, String topic, int partitions) {
        List<OffsetCommitRequestPartition> offsets = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            offsets.add(
                    new OffsetCommitRequestPartition()
                            .setPartitionIndex(partition)
                            .setCommittedOffset(MARKER)
                            .setCommittedMetadata(""));
        }
        return new OffsetCommitRequestData()
                .setGroupId(group)
                .setTopics(
                        List.of(
                                new OffsetCommitRequestTopic()
                                        .setName(topic)
                                        .setPartitions(offsets)));
    }

    private static OffsetCommitResponseData answer(String topic, int partitions) {
        List<OffsetCommitResponsePartition> done = new ArrayList<>();
        for (int partition = 0; partition < partitions; partition++) {
            done.add(new OffsetCommitResponsePartition().setPartitionIndex(partition));
        }
        return new OffsetCommitResponseData()
                .setTopics(
                        List.of(
                                new OffsetCommitResponseTopic()
                                        .setName(topic)
                                        .setPartitions(done)));
    }

    private static ByteBuffer withLength(OutboundFrame frame) {
        ByteBuffer whole = ByteBuffer.allocate(4 + frame.sizeInBytes());
        whole.putInt(frame.sizeInBytes());
        for (OutboundFrame.Part part : frame.parts()) {
            assertThat(part).isInstanceOf(OutboundFrame.Bytes.class);
            whole.put(((OutboundFrame.Bytes) part).buffer());
        }
        return whole.flip();
    }
}
