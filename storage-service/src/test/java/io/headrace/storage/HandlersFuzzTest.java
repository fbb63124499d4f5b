package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchSet;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.CorruptBatchException;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.message.ShardAppendRequestData;
import io.headrace.protocol.message.ShardAppendResponseData;
import io.headrace.storage.partition.Partition;
import io.headrace.testkit.fuzz.FuzzCampaign;
import io.headrace.transport.loop.LoopGroup;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.message.ProduceResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Goal: no input makes a node's handlers throw, hang, grow or change a log that it has no right to.
 *
 * <p>A whole node, with its handlers fed without sockets. Replay a failure with {@code -Dseed=};
 * {@code -Dfuzz.inputs=1000000} makes it the long run.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class HandlersFuzzTest {
    private static final long INPUTS = Long.getLong("fuzz.inputs", 4_000);
    private static final long MAX_GROWTH_BYTES = 64L << 20;

    @TempDir Path directory;
    private final LoopGroup loops = LoopGroup.start("fuzz", 1);
    private final FakeCoordinator coordinator = new FakeCoordinator();
    private StorageNode node;
    private Uuid topicId;

    /** Records that answers promised to the fuzzed topic's log, by base offset. */
    private final Map<Long, Integer> promised = new TreeMap<>();

    /** Records that acks=0 requests may have appended. */
    private long possible;

    @BeforeEach
    void start() throws Exception {
        node =
                StorageNode.start(
                        NodeSettings.of(
                                coordinator.port(),
                                Map.of("headrace.storage.data-dirs", directory.toString())));
        int port = node.started().get(20, TimeUnit.SECONDS).getPort();
        coordinator.createTopic("bystander", 1, Map.of());
        coordinator.createTopic("fuzzed", 1, Map.of("max.message.bytes", "20000000"));
        Map<String, Object> config =
                Map.of("bootstrap.servers", "127.0.0.1:" + port, "max.block.ms", 10_000);
        try (var producer =
                new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
            for (int i = 0; i < 200; i++) {
                producer.send(new ProducerRecord<>("bystander", "k" + i, "v" + i));
            }
            producer.partitionsFor("fuzzed");
        }
        coordinator.refuseForwarded();
        topicId = Objects.requireNonNull(node.cluster().image().topic("fuzzed")).topicId();
    }

    @AfterEach
    void stop() {
        node.close();
        coordinator.close();
        loops.close();
    }

    @Test
    void noInputHarms() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        FuzzDoor door =
                new FuzzDoor(
                        Objects.requireNonNull(node.dispatcher()),
                        loops.at(0),
                        this::onAnswer,
                        this::onSilence);
        FuzzCampaign campaign = new FuzzCampaign(seed);
        for (FuzzFrames.Frame frame : FuzzFrames.of("fuzzed", topicId)) {
            campaign.frame(frame.name(), frame.bytes());
            send(door, frame.name(), frame.bytes()); // what is valid is served
        }
        door.end();
        assertThat(promised).isNotEmpty();
        Map<String, Long> bystander = checksums("bystander-0");
        long before = usedBytes();

        var report = campaign.run(INPUTS, (name, bytes) -> send(door, name, bytes));
        door.end();

        System.out.println(report + "\n" + door);
        assertThat(checksums("bystander-0")).isEqualTo(bystander);
        long promisedEnd = promised.values().stream().mapToLong(Integer::longValue).sum();
        assertThat(logEnd()).isBetween(promisedEnd, promisedEnd + possible);
        assertThat(usedBytes() - before).isLessThan(MAX_GROWTH_BYTES);
    }

    private static void send(FuzzDoor door, String name, byte[] bytes) {
        door.send(name, bytes, name.startsWith("Shard"));
        if (bytes.length > 100_000) {
            door.end(); // so that few of the large are in memory at a time
        }
    }

    private void onAnswer(ApiMessage request, ApiMessage response) {
        switch (response) {
            case ProduceResponseData produced -> onProduced((ProduceRequestData) request, produced);
            case ShardAppendResponseData appended -> {
                if (appended.errorCode() == 0) {
                    ByteBuffer records =
                            RecordsField.bytes(((ShardAppendRequestData) request).records());
                    promised.put(
                            appended.baseOffset(), recordCount(Objects.requireNonNull(records)));
                }
            }
            default -> {}
        }
    }

    private void onProduced(ProduceRequestData request, ProduceResponseData response) {
        List<ByteBuffer> parts = partsOf(request);
        int next = 0;
        for (var topic : response.responses()) {
            for (var partition : topic.partitionResponses()) {
                if (partition.errorCode() == 0) {
                    promised.put(partition.baseOffset(), recordCount(parts.get(next)));
                }
                next++;
            }
        }
    }

    /** Nobody says what became of a request with acks=0. */
    private void onSilence(ApiMessage request) {
        if (request instanceof ProduceRequestData produce) {
            for (ByteBuffer part : partsOf(produce)) {
                possible += appendable(part);
            }
        }
    }

    private static int appendable(ByteBuffer records) {
        try {
            return recordCount(records);
        } catch (CorruptBatchException e) {
            return 0; // refused as a whole
        }
    }

    private static List<ByteBuffer> partsOf(ProduceRequestData request) {
        List<ByteBuffer> parts = new ArrayList<>();
        for (var topic : request.topicData()) {
            for (var part : topic.partitionData()) {
                ByteBuffer bytes = RecordsField.bytes(part.records());
                parts.add(bytes == null ? ByteBuffer.allocate(0) : bytes);
            }
        }
        return parts;
    }

    private static int recordCount(ByteBuffer records) {
        int count = 0;
        BatchSet batches = BatchSet.of(records);
        while (batches.next()) {
            count += BatchView.recordCount(records, batches.index());
        }
        return count;
    }

    private long logEnd() {
        Partition partition =
                Objects.requireNonNull(Objects.requireNonNull(node.partitions()).find(topicId, 0));
        return CompletableFuture.supplyAsync(() -> partition.log().logEndOffset(), partition.loop())
                .join();
    }

    /** The checksum of every file of a log that holds records. */
    private Map<String, Long> checksums(String log) throws IOException {
        Map<String, Long> sums = new HashMap<>();
        try (Stream<Path> files = Files.list(directory.resolve(log))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".log")).toList()) {
                CRC32C crc = new CRC32C();
                crc.update(Files.readAllBytes(file));
                sums.put(file.getFileName().toString(), crc.getValue());
            }
        }
        return sums;
    }

    private static long usedBytes() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
