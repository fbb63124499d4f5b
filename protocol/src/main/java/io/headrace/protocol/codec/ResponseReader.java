package io.headrace.protocol.codec;

import org.apache.kafka.common.message.ResponseHeaderData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Message;

import java.nio.ByteBuffer;

/** Decodes what a server answered. */
public final class ResponseReader {
    private ResponseReader() {}

    /**
     * The correlation id at the start of any response frame; the position is not moved.
     *
     * @throws MalformedFrameException if the frame is shorter than that
     */
    public static int correlationId(ByteBuffer frame) throws MalformedFrameException {
        if (frame.remaining() < 4) {
            throw new MalformedFrameException("A response of " + frame.remaining() + " bytes");
        }
        return frame.getInt(frame.position());
    }

    /**
     * Decodes header and body of a response. Fields of type bytes and records share the frame's
     * memory.
     *
     * @throws MalformedFrameException if the frame is not a response of this API and version
     */
    public static ApiMessage read(ApiSchema api, short version, ByteBuffer frame)
            throws MalformedFrameException {
        try {
            BoundedReadable readable = BoundedReadable.response(frame);
            new ResponseHeaderData().read(readable, api.responseHeader().of(version));
            ApiMessage message = api.newResponse().get();
            message.read(readable, version);
            return message;
        } catch (RuntimeException e) {
            throw new MalformedFrameException(
                    "Cannot read the response to " + api.name() + " version " + version, e);
        }
    }

    /**
     * Decodes a bare message body.
     *
     * @throws MalformedFrameException if the bytes are not such a message
     */
    public static <T extends Message> T readInto(T message, short version, ByteBuffer bytes)
            throws MalformedFrameException {
        try {
            message.read(BoundedReadable.embedded(bytes, message.getClass()), version);
            return message;
        } catch (RuntimeException e) {
            throw new MalformedFrameException(
                    "Cannot read " + message.getClass().getSimpleName(), e);
        }
    }
}
