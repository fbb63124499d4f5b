package io.headrace.protocol.codec;

import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.requests.AbstractRequest;
import org.apache.kafka.common.requests.AbstractResponse;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/** Responses that say, wherever their API has room for it, that the request failed as a whole. */
public final class ErrorResponses {
    private ErrorResponses() {}

    /**
     * The response of one of Kafka's APIs that carries the error for all that was asked.
     *
     * @param body the bytes of the request's body
     * @param message what went wrong and what to do, where the API has room for it
     * @return the response, or null when the API has none for errors
     * @throws MalformedFrameException if the body cannot be decoded
     */
    public static @Nullable ApiMessage of(
            RequestHead head, ByteBuffer body, Errors error, @Nullable String message)
            throws MalformedFrameException {
        ApiKeys api = ApiKeys.forId(head.api().key());
        try {
            AbstractRequest request =
                    AbstractRequest.parseRequest(
                                    api,
                                    head.apiVersion(),
                                    BoundedReadable.request(
                                            body.duplicate(),
                                            head.api().newRequest().get().getClass()))
                            .request;
            AbstractResponse response =
                    request.getErrorResponse(
                            message == null ? error.exception() : error.exception(message));
            return response == null ? null : response.data();
        } catch (RuntimeException e) {
            throw new MalformedFrameException("Cannot answer " + head.api().name(), e);
        }
    }
}
