package io.headrace.simulation.network;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.FileRange;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.server.ConnectionHandler;
import io.headrace.transport.server.InboundRequest;
import io.headrace.transport.server.ServerConnection;

import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/** The accepting end of a connection: drives a service's own handlers. Confined to its loop. */
final class ServerEnd implements ServerConnection {
    private static final InetSocketAddress SOMEWHERE =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 9092);

    private final Pipe pipe;
    private final Host host;
    private final Loop loop;
    private final ArrayDeque<Inbound> inOrder = new ArrayDeque<>();
    private boolean anyOrder;
    private boolean closed;
    private @Nullable ConnectionHandler handler;

    ServerEnd(Pipe pipe, Host host, Loop loop) {
        this.pipe = pipe;
        this.host = host;
        this.loop = loop;
    }

    void open() {
        loop.execute(
                () -> {
                    var door = host.door();
                    if (door != null && !closed) {
                        handler = door.apply(this);
                    }
                });
    }

    void onFrame(ByteBuffer bytes) {
        loop.execute(
                () -> {
                    ConnectionHandler to = handler;
                    if (closed || to == null) {
                        return;
                    }
                    ByteBuffer frame = tampered(bytes);
                    pipe.wire()
                            .world()
                            .traceFrame(
                                    '>',
                                    ApiCatalog.get(frame.getShort(0)).name(),
                                    pipe.clientName(),
                                    host.name(),
                                    pipe.id(),
                                    frame.getInt(4),
                                    frame.remaining());
                    Inbound request = new Inbound(frame);
                    if (!anyOrder) {
                        inOrder.add(request);
                    }
                    to.onRequest(request);
                });
    }

    private ByteBuffer tampered(ByteBuffer bytes) {
        Tamper tamper = pipe.wire().tamper();
        if (!tamper.touches(bytes.getShort(0))) {
            return bytes;
        }
        try {
            RequestHead head = RequestHead.read(bytes);
            ApiMessage body = head.readBody(bytes);
            tamper.onRequest(pipe.clientName(), host.name(), head, body);
            return join(
                    MessageWriter.request(
                            head.api(),
                            head.apiVersion(),
                            head.correlationId(),
                            head.clientId(),
                            body));
        } catch (MalformedFrameException e) {
            throw new IllegalStateException("A bug was planted in a frame that is none", e);
        }
    }

    /** The bytes of a frame, those in files as they are now. */
    static ByteBuffer join(OutboundFrame frame) {
        ByteBuffer bytes = ByteBuffer.allocate(frame.sizeInBytes());
        for (OutboundFrame.Part part : frame.parts()) {
            switch (part) {
                case OutboundFrame.Bytes piece -> bytes.put(piece.buffer().duplicate());
                case FileRange range -> read(range, bytes);
            }
        }
        frame.release();
        return bytes.flip();
    }

    private static void read(FileRange range, ByteBuffer into) {
        ByteBuffer window = into.slice(into.position(), range.sizeInBytes());
        try {
            while (window.hasRemaining()) {
                if (range.file().read(window, range.position() + window.position()) < 0) {
                    throw new IllegalStateException("The file range ends early");
                }
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        into.position(into.position() + range.sizeInBytes());
    }

    void onClosed() {
        loop.execute(
                () -> {
                    if (!closed) {
                        closed = true;
                        pipe.onServerEnded();
                        inOrder.clear();
                        if (handler != null) {
                            handler.onClose();
                        }
                    }
                });
    }

    private void flush() {
        while (!inOrder.isEmpty() && inOrder.peek().done) {
            ByteBuffer answer = inOrder.remove().answer;
            if (answer != null) {
                pipe.answer(answer);
            }
        }
    }

    private final class Inbound implements InboundRequest {
        private final ByteBuffer frame;
        private @Nullable ByteBuffer answer;
        private boolean done;

        Inbound(ByteBuffer frame) {
            this.frame = frame;
        }

        @Override
        public ByteBuffer frame() {
            return frame;
        }

        @Override
        public void releaseFrame() {}

        @Override
        public void reply(OutboundFrame outbound) {
            ByteBuffer bytes;
            try {
                bytes = join(outbound);
            } catch (java.io.UncheckedIOException e) {
                fail("The answer cannot be read: " + e.getMessage());
                return;
            }
            loop.run(() -> end(bytes));
        }

        @Override
        public void replyNothing() {
            loop.run(() -> end(null));
        }

        private void end(@Nullable ByteBuffer bytes) {
            if (done) {
                throw new IllegalStateException("Answered twice");
            }
            done = true;
            answer = bytes;
            if (closed) {
                return;
            }
            if (anyOrder) {
                if (bytes != null) {
                    pipe.answer(bytes);
                }
            } else {
                flush();
            }
        }

        @Override
        public void fail(String reason) {
            loop.run(() -> close(reason));
        }
    }

    @Override
    public long id() {
        return pipe.id();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return SOMEWHERE;
    }

    @Override
    public InetSocketAddress localAddress() {
        return SOMEWHERE;
    }

    @Override
    public Loop loop() {
        return loop;
    }

    @Override
    public void answerInAnyOrder() {
        anyOrder = true;
    }

    @Override
    public void close(String reason) {
        pipe.wire().world().trace("refused by " + host.name() + ": " + reason, pipe.id(), 0, 0);
        pipe.closeByServer();
    }
}
