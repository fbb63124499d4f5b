package io.headrace.storage;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;

import org.apache.kafka.common.message.ApiVersionsRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.Nullable;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/**
 * Brings frames to a node over sockets, as a hostile client would: whole, with a wrong length, cut
 * off, in pieces, several at once. A connection that was answered is used again.
 */
final class SocketDoor implements AutoCloseable {
    private static final int PATIENCE_MS = 20_000;
    private static final int GLANCE_MS = 100;
    private static final int MAX_ANSWER_BYTES = 64 << 20;
    private static final int INPUTS_PER_ADDRESS = 10_000;
    private static final int PROBE_EVERY = 500;

    private final int port;
    private final SplittableRandom random;
    private @Nullable Socket open;
    private long sent;
    private long answered;
    private long refused;
    private long silent;

    SocketDoor(int port, long seed) {
        this.port = port;
        this.random = new SplittableRandom(seed);
    }

    /** Whether a new connection is served in time. */
    static boolean answers(int port) throws IOException {
        OutboundFrame frame =
                MessageWriter.request(
                        ApiCatalog.get(ApiKeys.API_VERSIONS),
                        (short) 0,
                        1,
                        "probe",
                        new ApiVersionsRequestData());
        ByteBuffer bytes = ByteBuffer.allocate(4 + frame.sizeInBytes()).putInt(frame.sizeInBytes());
        frame.parts().forEach(part -> bytes.put(((OutboundFrame.Bytes) part).buffer()));
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(PATIENCE_MS);
            socket.getOutputStream().write(bytes.array());
            return new DataInputStream(socket.getInputStream()).readInt() > 0;
        } catch (ConnectException notYet) {
            return false;
        }
    }

    /** Sends one input and waits for what it is worth: an answer, the end, or nothing. */
    void send(String name, byte[] frame) throws IOException {
        if (++sent % PROBE_EVERY == 0 && !answers(port)) {
            throw new AssertionError("The node serves nobody any more");
        }
        Socket socket = connection();
        try {
            OutputStream out = socket.getOutputStream();
            switch (random.nextInt(12)) {
                case 0 -> {
                    out.write(framed(random.nextInt(), frame));
                    settle(socket, true, false);
                }
                case 1 -> {
                    byte[] whole = framed(frame.length, frame);
                    out.write(whole, 0, random.nextInt(whole.length));
                    drop();
                }
                case 2 -> {
                    byte[] whole = framed(frame.length, frame);
                    int cut = random.nextInt(whole.length);
                    out.write(whole, 0, cut);
                    out.flush();
                    out.write(whole, cut, whole.length - cut);
                    settle(socket, mayWait(frame), true);
                }
                case 3 -> {
                    byte[] whole = framed(frame.length, frame);
                    for (int i = 0; i < 5; i++) {
                        out.write(whole);
                    }
                    settle(socket, mayWait(frame), false);
                }
                default -> {
                    out.write(framed(frame.length, frame));
                    settle(socket, mayWait(frame), true);
                }
            }
        } catch (SocketException brokenOff) {
            refused++;
            drop();
        }
    }

    private Socket connection() throws IOException {
        Socket current = open;
        if (current == null) {
            current = new Socket();
            // From many addresses, so that no address runs out of ports.
            int last = 2 + (int) (sent / INPUTS_PER_ADDRESS % 200);
            current.bind(
                    new InetSocketAddress(
                            InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last}), 0));
            current.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            current.setTcpNoDelay(true);
            open = current;
        }
        return current;
    }

    private static byte[] framed(int length, byte[] frame) {
        return ByteBuffer.allocate(4 + frame.length).putInt(length).put(frame).array();
    }

    /** Whether it may be a fetch that waits for records, or a produce request with acks=0. */
    private static boolean mayWait(byte[] frame) {
        short key = frame.length < 2 ? -1 : ByteBuffer.wrap(frame).getShort();
        return key == ApiKeys.FETCH.id || key == ApiKeys.PRODUCE.id;
    }

    /** Reads one answer, or sees the end of the connection; what may wait is soon given up. */
    private void settle(Socket socket, boolean mayWait, boolean reuse) throws IOException {
        socket.setSoTimeout(mayWait ? GLANCE_MS : PATIENCE_MS);
        try {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            int length = in.readInt();
            socket.setSoTimeout(PATIENCE_MS);
            if (length < 4 || length > MAX_ANSWER_BYTES) {
                throw new AssertionError("An answer of " + length + " bytes");
            }
            in.skipNBytes(length);
            answered++;
            if (!reuse) {
                drop();
            }
        } catch (SocketTimeoutException nothing) {
            if (!mayWait) {
                throw new AssertionError("Neither an answer nor an end", nothing);
            }
            silent++;
            drop();
        } catch (EOFException end) {
            refused++;
            drop();
        }
    }

    private void drop() throws IOException {
        Socket current = open;
        open = null;
        if (current != null) {
            current.close();
        }
    }

    @Override
    public void close() throws IOException {
        drop();
    }

    @Override
    public String toString() {
        return answered + " answered, " + refused + " refused, " + silent + " without answer";
    }
}
