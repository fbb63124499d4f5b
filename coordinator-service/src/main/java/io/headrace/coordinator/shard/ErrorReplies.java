package io.headrace.coordinator.shard;

import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

/** Makes the response that tells a client of an error of the shard as a whole. */
@FunctionalInterface
public interface ErrorReplies {
    ApiMessage reply(ApiMessage request, short version, Errors error);
}
