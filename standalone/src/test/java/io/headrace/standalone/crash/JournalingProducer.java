package io.headrace.standalone.crash;

import io.headrace.testkit.history.AcknowledgementJournal;
import io.headrace.testkit.history.SentRecord;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * A process that sends records at a rate with Kafka's Java producer, and journals what it sent and
 * what was acknowledged. It goes on through restarts of the platform until its stop file appears.
 *
 * <p>Arguments: bootstrap, topic, partitions, bytes a record, MB/s, journal, stop file.
 */
public final class JournalingProducer {
    /** A value starts with the sequence number as 8 bytes. */
    static final String NAME = "p1";

    private JournalingProducer() {}

    public static void main(String[] arguments) throws Exception {
        String topic = arguments[1];
        int partitions = Integer.parseInt(arguments[2]);
        int recordBytes = Integer.parseInt(arguments[3]);
        double bytesPerSecond = Double.parseDouble(arguments[4]) * 1_000_000;
        Path stop = Path.of(arguments[6]);
        byte[] filling = new byte[recordBytes - 8];
        new Random(1).nextBytes(filling);
        Map<String, Object> configs =
                Map.of(
                        "bootstrap.servers", arguments[0],
                        "acks", "all",
                        "linger.ms", 5,
                        "batch.size", 1 << 19,
                        "buffer.memory", 64 << 20,
                        "delivery.timeout.ms", 120_000,
                        "request.timeout.ms", 10_000,
                        "reconnect.backoff.max.ms", 200,
                        "max.block.ms", 120_000);
        try (AcknowledgementJournal journal = AcknowledgementJournal.append(Path.of(arguments[5]));
                KafkaProducer<byte[], byte[]> producer =
                        new KafkaProducer<>(
                                configs, new ByteArraySerializer(), new ByteArraySerializer())) {
            long begunNanos = System.nanoTime();
            long sequence = 0;
            boolean announced = false;
            while (!Files.exists(stop)) {
                for (int i = 0; i < 64; i++) {
                    send(
                            producer,
                            journal,
                            topic,
                            (int) (sequence % partitions),
                            sequence,
                            filling);
                    sequence++;
                }
                double dueSeconds = sequence * (double) recordBytes / bytesPerSecond;
                long aheadNanos = begunNanos + (long) (dueSeconds * 1e9) - System.nanoTime();
                if (aheadNanos > 0) {
                    LockSupport.parkNanos(aheadNanos);
                } else if (aheadNanos < -1_000_000_000L) {
                    // After an outage: go on at the rate, without catching up.
                    begunNanos -= aheadNanos;
                }
                if (!announced) {
                    announced = true;
                    System.out.println("sending");
                }
            }
            producer.flush();
            System.out.println("sent " + sequence);
        }
    }

    private static void send(
            KafkaProducer<byte[], byte[]> producer,
            AcknowledgementJournal journal,
            String topic,
            int partition,
            long sequence,
            byte[] filling)
            throws IOException {
        byte[] value =
                ByteBuffer.allocate(8 + filling.length).putLong(sequence).put(filling).array();
        SentRecord record = new SentRecord(NAME, sequence, topic, partition);
        journal.sent(record);
        producer.send(
                new ProducerRecord<>(
                        topic, partition, NAME.getBytes(StandardCharsets.UTF_8), value),
                (metadata, failure) -> {
                    if (failure == null) {
                        try {
                            journal.acknowledged(record, metadata.offset());
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    } else {
                        System.out.println("not acknowledged: " + record + ": " + failure);
                    }
                });
    }
}
