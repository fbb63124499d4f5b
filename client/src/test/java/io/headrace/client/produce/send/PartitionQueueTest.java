package io.headrace.client.produce.send;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.error.HeadraceException;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.client.produce.SendCallback;
import io.headrace.client.produce.send.PartitionQueue.Appended;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import java.time.Duration;

class PartitionQueueTest {
    private static final SendCallback IGNORED =
            new SendCallback() {
                @Override
                public void onSent(RecordMetadata metadata) {}

                @Override
                public void onFailed(HeadraceException error) {}
            };

    private final BufferMemory memory = new BufferMemory(64 * 1024);
    private final PartitionQueue queue =
            new PartitionQueue(
                    new TopicPartition("t", 0),
                    ProducerOptions.builder()
                            .batchBytes(1024)
                            .linger(Duration.ofMillis(20))
                            .maxRequestBytes(64 * 1024)
                            .bufferBytes(64 * 1024)
                            .build(),
                    memory);

    private Appended append(int valueBytes, long nowMs) {
        return queue.append(ProducerRecord.of("t", new byte[valueBytes]), 1, IGNORED, nowMs);
    }

    @Test
    void waitsForCompanyUnlessUrgent() {
        assertThat(queue.readyAtMs()).isEqualTo(Long.MAX_VALUE);
        assertThat(append(10, 100)).isEqualTo(Appended.YES_WAKE_SENDER);
        assertThat(append(10, 105)).isEqualTo(Appended.YES);
        assertThat(queue.readyAtMs()).isEqualTo(120);
        assertThat(queue.poll(119, false, 1 << 20)).isNull();
        ProduceBatch batch = queue.poll(119, true, 1 << 20);
        assertThat(batch).extracting(ProduceBatch::recordCount).isEqualTo(2);
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.queuedBytes()).isZero();
    }

    @Test
    void isReadyAtOnceWhenFull() {
        append(600, 100);
        assertThat(append(600, 101)).isEqualTo(Appended.YES_WAKE_SENDER);
        assertThat(queue.readyAtMs()).isEqualTo(100);
    }

    @Test
    void refusesWhatTheMemoryCannotHold() {
        int taken = 0;
        while (append(1000, 100) != Appended.NO_ROOM) {
            taken++;
            assertThat(taken).isLessThan(1000);
        }
        assertThat(taken).isBetween(30, 64);
        assertThat(memory.usedBytes()).isLessThanOrEqualTo(64 * 1024);
        assertThat(queue.pollCreatedBefore(100)).isEmpty();
        int records =
                queue.pollCreatedBefore(101).stream().mapToInt(ProduceBatch::recordCount).sum();
        assertThat(records).isEqualTo(taken);
        assertThat(queue.queuedBytes()).isZero();
    }

    @Test
    void takesARecordLargerThanABatch() {
        assertThat(append(5_000, 100)).isEqualTo(Appended.YES_WAKE_SENDER);
        assertThat(queue.poll(100, false, 1_000)).isNull();
        assertThat(queue.poll(100, false, 1 << 20)).isNotNull();
    }
}
