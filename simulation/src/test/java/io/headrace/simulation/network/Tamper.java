package io.headrace.simulation.network;

import io.headrace.protocol.codec.RequestHead;

import org.apache.kafka.common.protocol.ApiMessage;

/**
 * A protocol bug planted between the wire and a server's handlers: changes requests and answers as
 * they arrive.
 */
public interface Tamper {
    /** No bug. */
    Tamper NONE =
            new Tamper() {
                @Override
                public boolean touches(short apiKey) {
                    return false;
                }
            };

    /** Whether messages of that API are looked at. */
    boolean touches(short apiKey);

    /** Changes a request before the server decodes it. */
    default void onRequest(String from, String to, RequestHead head, ApiMessage body) {}

    /** Changes an answer before the client decodes it. */
    default void onAnswer(String client, String server, short apiKey, ApiMessage body) {}
}
