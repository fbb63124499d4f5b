package io.headrace.coordinator.shard;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.function.Consumer;

/**
 * A request on its way to a shard, and the way of its answer back.
 *
 * @param body of the API's own request class
 * @param version the version that the client speaks
 * @param clientHost the client's address, as text
 * @param reply takes the one response, on the shard's loop
 */
public record ShardCall(
        ApiMessage body,
        short version,
        String clientId,
        String clientHost,
        Consumer<ApiMessage> reply) {}
