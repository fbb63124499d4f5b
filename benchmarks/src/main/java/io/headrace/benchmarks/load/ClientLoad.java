package io.headrace.benchmarks.load;

import io.headrace.benchmarks.contender.Server;
import io.headrace.client.HeadraceClient;
import io.headrace.client.error.HeadraceException;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerRecord;
import io.headrace.client.produce.RecordMetadata;
import io.headrace.client.produce.SendCallback;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Our Java client with its default settings (acks=all, idempotent), in a process of its own, as
 * Kafka's tool is: {@code ClientLoad BOOTSTRAP TOPIC RECORDS RECORD_BYTES}.
 */
public final class ClientLoad {
    private static final int UNACKNOWLEDGED_BYTES = 24 << 20;
    private static final long NO_ROOM_NANOS = 100_000;
    private static final List<String> JVM_OPTIONS =
            List.of(
                    "-Xmx512m",
                    "-XX:+UseSerialGC",
                    "--enable-native-access=ALL-UNNAMED",
                    "--sun-misc-unsafe-memory-access=allow");

    private ClientLoad() {}

    /** Produces with the client as fast as it can. */
    public static Map<String, Double> produce(
            Server server, String topic, long records, int recordBytes, Path folder)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "client", ".out");
        List<String> command =
                Tool.java(
                        JVM_OPTIONS,
                        ClientLoad.class,
                        List.of(server.bootstrap(), topic, "" + records, "" + recordBytes));
        return NativeLoad.figuresOf(Tool.await(Tool.start(command, output), output));
    }

    public static void main(String[] args) throws InterruptedException {
        String topic = args[1];
        long records = Long.parseLong(args[2]);
        int recordBytes = Integer.parseInt(args[3]);
        byte[] value = new byte[recordBytes];
        new Random(0).nextBytes(value);
        HeadraceClient client =
                HeadraceClient.builder().bootstrap(args[0]).clientId("client-load").build();
        Producer producer = client.producer();
        int limit = Math.max(1, UNACKNOWLEDGED_BYTES / Math.max(100, recordBytes));
        Outcomes outcomes = new Outcomes(new Semaphore(limit), new AtomicLong(), new AtomicLong());
        long begun = System.nanoTime();
        for (long i = 0; i < records; i++) {
            outcomes.unacknowledged().acquire();
            while (!producer.trySend(ProducerRecord.of(topic, value), outcomes)) {
                LockSupport.parkNanos(NO_ROOM_NANOS);
            }
        }
        producer.flush().block();
        outcomes.unacknowledged().acquire(limit); // all callbacks are over
        double seconds = (System.nanoTime() - begun) / 1e9;
        client.close().block();
        System.out.printf(
                "{\"records\":%d,\"bytes\":%d,\"seconds\":%.6f,\"errors\":%d,\"missing\":%d}%n",
                records,
                records * recordBytes,
                seconds,
                outcomes.failed().get(),
                records - outcomes.sent().get());
    }

    private record Outcomes(Semaphore unacknowledged, AtomicLong sent, AtomicLong failed)
            implements SendCallback {
        @Override
        public void onSent(RecordMetadata metadata) {
            sent.incrementAndGet();
            unacknowledged.release();
        }

        @Override
        public void onFailed(HeadraceException error) {
            if (failed.getAndIncrement() == 0) {
                System.out.println("The first record that failed: " + error.getMessage());
            }
            unacknowledged.release();
        }
    }
}
