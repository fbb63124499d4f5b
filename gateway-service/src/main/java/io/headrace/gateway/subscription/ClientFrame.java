package io.headrace.gateway.subscription;

import io.headrace.client.produce.Acks;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.gateway.record.Representation;
import io.headrace.gateway.record.Start;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.List;

/** What a client says over the WebSocket. */
sealed interface ClientFrame {
    /** The caller's mark, which the answer repeats; null when there is none. */
    @Nullable String id();

    /**
     * Begin to send records.
     *
     * @param sub the caller's name of the subscription
     * @param credit how many records may be sent; null for as many as the connection takes
     * @param gather how long a record may wait for further ones, to be sent in one frame
     */
    record Subscribe(
            @Nullable String id,
            String sub,
            Selection selection,
            Start start,
            Representation as,
            @Nullable Long credit,
            Duration gather)
            implements ClientFrame {}

    /** Send no more records. */
    record Unsubscribe(@Nullable String id, String sub) implements ClientFrame {}

    /** So many more records may be sent. */
    record AddCredit(@Nullable String id, String sub, long records) implements ClientFrame {}

    /** Store records. */
    record Produce(@Nullable String id, Acks acks, List<ProducerRecord> records)
            implements ClientFrame {}

    /** Answer this. */
    record Ping(@Nullable String id) implements ClientFrame {}
}
