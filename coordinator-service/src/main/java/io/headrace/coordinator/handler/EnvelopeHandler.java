package io.headrace.coordinator.handler;

import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.message.DefaultPrincipalData;
import org.apache.kafka.common.message.EnvelopeRequestData;
import org.apache.kafka.common.message.EnvelopeResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** ENVELOPE: a client's request that a storage node forwards (KIP-590). */
final class EnvelopeHandler implements NodeHandler {
    private static final Logger log = LoggerFactory.getLogger(EnvelopeHandler.class);

    private final HandlerTable handlers;

    /** Who sent the last request: mostly the one who sends the next. */
    private volatile @Nullable KnownPrincipal last;

    private record KnownPrincipal(ByteBuffer bytes, KafkaPrincipal principal) {}

    EnvelopeHandler(HandlerTable handlers) {
        this.handlers = handlers;
    }

    @Override
    public short apiKey() {
        return ApiKeys.ENVELOPE.id;
    }

    @Override
    public void handle(NodeRequest envelope) {
        EnvelopeRequestData data = envelope.body(EnvelopeRequestData.class);
        ForwardedHandler handler;
        ForwardedRequest request;
        try {
            ByteBuffer inner = copy(data.requestData());
            KafkaPrincipal principal = principal(data.requestPrincipal());
            InetAddress client = InetAddress.getByAddress(data.clientHostAddress());
            envelope.inbound().releaseFrame();
            RequestHead head = RequestHead.read(inner);
            handler = handlers.find(head.api().key(), head.apiVersion());
            if (handler == null) {
                refuse(envelope, Errors.UNSUPPORTED_VERSION);
                return;
            }
            request =
                    new ForwardedRequest(
                            head,
                            head.readBody(inner),
                            principal,
                            client,
                            envelope.connection().connection().id(),
                            response -> answer(envelope, head, response),
                            error -> refuse(envelope, error));
        } catch (MalformedFrameException | UnknownHostException e) {
            log.info("A forwarded request is malformed: {}", e.getMessage());
            refuse(envelope, Errors.INVALID_REQUEST);
            return;
        }
        handler.handle(request);
    }

    @Override
    public void onClosed(long connectionId) {
        handlers.onLinkClosed(connectionId);
    }

    private static ByteBuffer copy(ByteBuffer bytes) {
        return ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
    }

    private KafkaPrincipal principal(byte[] bytes) throws MalformedFrameException {
        KnownPrincipal known = last;
        if (known == null || bytes == null || !known.bytes().equals(ByteBuffer.wrap(bytes))) {
            KafkaPrincipal decoded = decode(bytes);
            known = new KnownPrincipal(ByteBuffer.wrap(bytes), decoded);
            last = known;
        }
        return known.principal();
    }

    private static KafkaPrincipal decode(byte[] bytes) throws MalformedFrameException {
        if (bytes == null || bytes.length < Short.BYTES) {
            throw new MalformedFrameException("An envelope without a principal");
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        short version = buffer.getShort();
        if (version < DefaultPrincipalData.LOWEST_SUPPORTED_VERSION
                || version > DefaultPrincipalData.HIGHEST_SUPPORTED_VERSION) {
            throw new MalformedFrameException("A principal of unknown version " + version);
        }
        DefaultPrincipalData data =
                ResponseReader.readInto(new DefaultPrincipalData(), version, buffer);
        return new KafkaPrincipal(data.type(), data.name(), data.tokenAuthenticated());
    }

    private static void answer(NodeRequest envelope, RequestHead head, ApiMessage response) {
        ByteBuffer frame = flatten(MessageWriter.response(head, response));
        envelope.reply(new EnvelopeResponseData().setResponseData(frame));
    }

    private static void refuse(NodeRequest envelope, Errors error) {
        envelope.reply(new EnvelopeResponseData().setResponseData(null).setErrorCode(error.code()));
    }

    private static ByteBuffer flatten(OutboundFrame frame) {
        if (frame.parts().size() == 1
                && frame.parts().getFirst() instanceof OutboundFrame.Bytes bytes) {
            return bytes.buffer();
        }
        ByteBuffer whole = ByteBuffer.allocate(frame.sizeInBytes());
        for (OutboundFrame.Part part : frame.parts()) {
            if (part instanceof OutboundFrame.Bytes bytes) {
                whole.put(bytes.buffer().duplicate());
            } else {
                throw new IllegalStateException("An answer of a coordinator holds file ranges");
            }
        }
        return whole.flip();
    }
}
