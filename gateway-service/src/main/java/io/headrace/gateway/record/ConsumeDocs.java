package io.headrace.gateway.record;

/** What the OpenAPI document says about consuming. */
final class ConsumeDocs {
    static final String DESCRIPTION =
            """
            Reads without a subscription: the answer's `next` is the cursor to go on with. The cursor \
            holds the place in every partition, so any gateway continues from it, and no record is \
            given twice or left out. Without a cursor, `from` says where to begin.

            With `wait` the request waits for the first record. `atEnd` tells whether all there was \
            has been read; each partition tells its next offset, first readable offset and high \
            watermark. Offsets that the log no longer has are passed over and named in `skipped`.

            `as=auto` shows JSON objects and arrays as they are, other UTF-8 text as a string and the \
            rest as `{"base64": "..."}`; `json`, `text` and `base64` show every value in the envelope \
            of that name, falling back in this order. Keys and header values are shown as text or \
            base64. All are lossless: the record can be sent back as it is. Headers are an object, or \
            an array of `{"name", "value"}` when a name repeats.
            """;
    static final String ANSWER =
            """
            {
              "records": [{"topic": "quickstart", "partition": 0, "offset": 41,
                "timestamp": 1795370400000, "key": "berlin", "value": {"celsius": 21.5},
                "headers": {"station": "roof"}}],
              "next": "AQEKcXVpY2tzdGFydA...",
              "atEnd": true,
              "partitions": [{"partition": 0, "next": 42, "logStart": 0, "highWatermark": 42}]
            }
            """;

    private ConsumeDocs() {}
}
