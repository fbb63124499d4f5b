package io.headrace.storage.handler.forwarding;

import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RequestHead;

import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;

/** Requests that this node writes on behalf of a client. */
public final class Frames {
    private Frames() {}

    /** A request with the client's header and another body. */
    static ByteBuffer request(RequestHead head, ApiMessage body) {
        return join(
                MessageWriter.request(
                        head.api(),
                        head.apiVersion(),
                        head.correlationId(),
                        head.clientId(),
                        body));
    }

    /** The bytes of a frame that has no file ranges. */
    public static ByteBuffer join(OutboundFrame frame) {
        ByteBuffer bytes = ByteBuffer.allocate(frame.sizeInBytes());
        for (OutboundFrame.Part part : frame.parts()) {
            if (!(part instanceof OutboundFrame.Bytes piece)) {
                throw new IllegalArgumentException("A request without records has no file ranges");
            }
            bytes.put(piece.buffer().duplicate());
        }
        return bytes.flip();
    }
}
