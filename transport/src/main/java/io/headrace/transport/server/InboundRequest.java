package io.headrace.transport.server;

import io.headrace.protocol.codec.OutboundFrame;

import java.nio.ByteBuffer;

/** A request that waits for its answer. Exactly one of the answering methods is called, once. */
public interface InboundRequest {

    /**
     * The request's bytes without their length prefix, in direct memory; valid until released. Its
     * position may be moved.
     */
    ByteBuffer frame();

    /** Gives the request's memory back before the answer. May be called again without effect. */
    void releaseFrame();

    /** Answers; also releases the frame. Answers leave in the order of requests. Any thread. */
    void reply(OutboundFrame answer);

    /** Ends the request without an answer, as acks=0 asks. Any thread. */
    void replyNothing();

    /** Ends the connection instead of answering. Any thread. */
    void fail(String reason);
}
