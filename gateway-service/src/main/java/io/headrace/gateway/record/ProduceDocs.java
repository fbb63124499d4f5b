package io.headrace.gateway.record;

/** What the OpenAPI document says about producing. */
final class ProduceDocs {
    static final String DESCRIPTION =
            """
            Takes `{"records": [...]}`, one record, NDJSON (one record a line; with `lines=values` one \
            value a line), or a raw `text/plain` or `application/octet-stream` body, which becomes the \
            value of one record.

            A key or value is

            - a string: stored as that text,
            - `null`: no key; a tombstone as value,
            - any other JSON value: stored as its JSON text, without the white space between tokens,
            - or an envelope, an object with exactly one member: `{"json": any value}`, \
            `{"text": "..."}` or `{"base64": "..."}`.

            To store a JSON string, or an object that looks like an envelope, say `{"json": ...}`. \
            Header values are written alike. What a read answers can be sent back as it is.

            The answer is 200 when every record is stored, 207 when some are (entries come in the order \
            of the request, a failed one is `{"problem": ...}`), and otherwise the problem of the first \
            record. A request that is malformed anywhere stores nothing. With `acks=all`, the default, \
            retries inside the gateway never store a record twice.
            """;
    static final String MANY =
            """
            {
              "records": [
                {"key": "berlin", "value": {"celsius": 21.5}, "headers": {"station": "roof"}},
                {"key": "oslo", "value": "a plain text"},
                {"key": "lima", "value": {"base64": "AAEC/w=="}}
              ]
            }
            """;
    static final String ONE =
            """
            {"key": "berlin", "value": {"celsius": 21.5}}
            """;
    static final String LINES =
            """
            {"key": "berlin", "value": {"celsius": 21.5}}
            {"key": "oslo", "value": {"celsius": 14}}
            """;
    static final String STORED =
            """
            {"records": [{"partition": 0, "offset": 41, "timestamp": 1795370400000}]}
            """;
    static final String PARTLY =
            """
            {"records": [
              {"partition": 0, "offset": 42, "timestamp": 1795370400000},
              {"problem": {"type": "/problems#too-large", "title": "The request is too large",
                "status": 413, "detail": "...", "error": "MESSAGE_TOO_LARGE", "errorCode": 10,
                "retriable": false}}
            ]}
            """;

    private ProduceDocs() {}
}
