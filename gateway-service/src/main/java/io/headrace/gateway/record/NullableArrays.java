package io.headrace.gateway.record;

import io.headrace.client.produce.ProducerRecord;
import io.headrace.protocol.batch.RecordHeader;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * Makes records whose arrays may be null. The compiler does not write a record component's {@code
 * byte @Nullable []} into the class file's constructor, so the null check cannot see it there.
 */
@SuppressWarnings("NullAway") // Both constructors declare these components nullable.
final class NullableArrays {
    private NullableArrays() {}

    static RecordHeader header(String name, byte @Nullable [] value) {
        return new RecordHeader(name, value);
    }

    static ProducerRecord record(
            String topic,
            int partition,
            long timestampMs,
            byte @Nullable [] key,
            byte @Nullable [] value,
            List<RecordHeader> headers) {
        return new ProducerRecord(topic, partition, timestampMs, key, value, headers);
    }
}
