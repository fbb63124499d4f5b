package io.headrace.gateway.subscription;

/** What the OpenAPI document says about streams. */
final class StreamDocs {
    static final String EVENTS =
            """
            Each record is an event `record`; its `id` is the cursor to resume after it, on any \
            gateway: a browser's `EventSource` does so by itself. (With more than 32 partitions only the \
            last event of a burst carries an id, so some records may come twice after a reconnect.) \
            Comments keep a silent connection alive. An event `skipped` names offsets that the log no \
            longer has. A reader that takes nothing for a minute is cut off. New partitions, and new \
            topics that a pattern matches, are read from their first record on.

            Try it with `curl -N`: this page cannot show a stream that does not end.
            """;
    static final String EVENT =
            "id: AQEKcXVpY2tzdGFydA...\nevent: record\ndata: {\"topic\":\"quickstart\",...}\n\n";

    private StreamDocs() {}
}
