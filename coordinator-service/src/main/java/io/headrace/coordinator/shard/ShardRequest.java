package io.headrace.coordinator.shard;

import org.apache.kafka.common.protocol.ApiMessage;

/**
 * A client's request to a shard.
 *
 * @param id unique in the shard's life
 * @param body of the API's own request class
 * @param version the version that the client speaks
 * @param clientHost the client's address, as text
 */
public record ShardRequest(
        long id, ApiMessage body, short version, String clientId, String clientHost) {}
