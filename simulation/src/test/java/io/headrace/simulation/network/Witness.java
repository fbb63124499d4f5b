package io.headrace.simulation.network;

import org.apache.kafka.common.protocol.ApiMessage;

/** Sees requests as their senders meant them. */
@FunctionalInterface
public interface Witness {
    /** Sees nothing. */
    Witness NONE = (from, to, apiKey, body) -> {};

    /** A request is on its way. */
    void onRequest(String from, String to, short apiKey, ApiMessage body);
}
