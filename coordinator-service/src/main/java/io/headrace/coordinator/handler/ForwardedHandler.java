package io.headrace.coordinator.handler;

/**
 * Serves one API of clients, whose requests storage nodes forward in ENVELOPE requests.
 *
 * <p>Every bean of this type is registered at start; the table of served versions is made from what
 * they say. Two handlers of one API key are an error at start.
 */
public interface ForwardedHandler {
    short apiKey();

    /** The lowest version served, at least the lowest that the codec can decode. */
    short minVersion();

    /** The highest version served, at most the highest that the codec can decode. */
    short maxVersion();

    /**
     * Serves a request of a version in range. Called on the event loop of the forwarding
     * connection: never blocks. {@link ForwardedRequest#reply} may be called later, on any thread.
     */
    void handle(ForwardedRequest request);

    /**
     * A forwarding connection is gone: what is still open of its requests leads nowhere.
     *
     * @param linkId as {@link ForwardedRequest#linkId} says
     */
    default void onLinkClosed(long linkId) {}
}
