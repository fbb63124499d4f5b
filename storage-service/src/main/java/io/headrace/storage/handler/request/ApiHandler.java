package io.headrace.storage.handler.request;

import io.headrace.protocol.codec.ApiSchema;

import org.apache.kafka.common.protocol.ApiMessage;

/** Serves one API. Called on the connection's loop; must not block. */
public interface ApiHandler {

    /** The API served, in all versions that the codec knows. */
    ApiSchema api();

    /** Whether only connections that proved to be a node of this cluster may ask. */
    default boolean nodesOnly() {
        return false;
    }

    /** Takes a request; answers it now or later, exactly once. */
    void handle(Request request, ApiMessage body);
}
