package io.headrace.coordinator.shard;

import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/**
 * A request on its way to a shard, and the way of its answer back.
 *
 * @param body of the API's own request class
 * @param version the version that the client speaks
 * @param clientHost the client's address, as text
 * @param reply takes the one response, on the shard's loop
 * @param redirect run in its place, if there is such a way, when nothing was done and another
 *     coordinator is to be asked
 */
public record ShardCall(
        ApiMessage body,
        short version,
        String clientId,
        String clientHost,
        Consumer<ApiMessage> reply,
        @Nullable Runnable redirect) {

    /** A request that is always answered. */
    public ShardCall(
            ApiMessage body,
            short version,
            String clientId,
            String clientHost,
            Consumer<ApiMessage> reply) {
        this(body, version, clientId, clientHost, reply, null);
    }

    /** Nothing was done: sends the request elsewhere if there is a way, else tells the client. */
    void refuse(ErrorReplies errors, Errors error) {
        if (redirect != null && error == Errors.NOT_COORDINATOR) {
            redirect.run();
        } else {
            reply.accept(errors.reply(body, version, error));
        }
    }
}
