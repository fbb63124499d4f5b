package io.headrace.gateway.record;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.consume.ConsumedRecord;
import io.headrace.protocol.batch.TimestampType;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;

class WrittenRecordsTest {
    private final WrittenRecords written = new WrittenRecords();

    private static ConsumedRecord record(String topic, int partition, long offset, String value) {
        return new ConsumedRecord(
                new TopicPartition(topic, partition),
                offset,
                0,
                1000,
                TimestampType.CREATE_TIME,
                null,
                ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8)),
                List.of());
    }

    private static String plain(ConsumedRecord record, Representation as) {
        JsonOutput out = new JsonOutput(16);
        RecordWriter.write(out, record, as);
        return out.toText();
    }

    private String remembered(ConsumedRecord record, Representation as) {
        JsonOutput out = new JsonOutput(16).raw('[');
        written.write(out, record, as);
        return out.toText().substring(1);
    }

    @Test
    void everySubscriberGetsWhatTheRecordSays() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("-Dseed=" + seed);
        Random random = new Random(seed);
        List<ConsumedRecord> records = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            // Many share a slot: other topics, other rounds of the table, other sizes.
            long offset = random.nextInt(20) + (long) random.nextInt(3) * WrittenRecords.SLOTS;
            String value = "v".repeat(random.nextInt(2 * WrittenRecords.MAX_BYTES)) + i;
            records.add(record("t" + random.nextInt(2), random.nextInt(2), offset, value));
        }
        Representation[] forms = Representation.values();
        for (int i = 0; i < 5000; i++) {
            ConsumedRecord record = records.get(random.nextInt(records.size()));
            Representation as = forms[random.nextInt(forms.length)];
            assertThat(remembered(record, as)).isEqualTo(plain(record, as));
        }
    }

    @Test
    void theSameBytesComeFromOneWriting() {
        ConsumedRecord record = record("t", 0, 5, "value");
        remembered(record, Representation.AUTO);
        remembered(record, Representation.AUTO);
        // Changed behind its back: what was written stays.
        ByteBuffer value = Objects.requireNonNull(record.value());
        value.put(value.position(), (byte) 'X');
        assertThat(plain(record, Representation.AUTO)).contains("Xalue");
        assertThat(remembered(record, Representation.AUTO)).contains("\"value\"");
    }
}
