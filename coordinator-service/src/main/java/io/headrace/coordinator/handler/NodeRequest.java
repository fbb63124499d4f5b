package io.headrace.coordinator.handler;

import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.transport.server.InboundRequest;

import org.apache.kafka.common.protocol.ApiMessage;

/**
 * A node's own request.
 *
 * @param body decoded; fields of type bytes share the frame's memory until the answer
 */
record NodeRequest(
        NodeConnection connection, RequestHead head, ApiMessage body, InboundRequest inbound) {

    <T extends ApiMessage> T body(Class<T> type) {
        return type.cast(body);
    }

    /** Answers, once, on any thread. */
    void reply(ApiMessage response) {
        inbound.reply(MessageWriter.response(head, response));
    }
}
