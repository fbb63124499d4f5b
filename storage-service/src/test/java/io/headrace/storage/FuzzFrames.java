package io.headrace.storage;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.batch.CompressionCodec;
import io.headrace.protocol.batch.RecordHeader;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.protocol.codec.RecordsField;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ProduceRequestData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Valid frames to start fuzzing from: every API at every version, once with default values and once
 * with every field that the version has filled, and produce requests with batches of all kinds.
 */
final class FuzzFrames {
    private static final int BOMB_BYTES = 8 << 20;

    private final String topic;
    private final Uuid topicId;
    private final SampleMessages samples;
    private final List<Frame> frames = new ArrayList<>();

    /** A valid request, named by its API. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Frame(String name, byte[] bytes) {}

    private FuzzFrames(String topic, Uuid topicId) {
        this.topic = topic;
        this.topicId = topicId;
        this.samples = new SampleMessages(topic, topicId);
    }

    /** Frames that name that topic, and no other. */
    static List<Frame> of(String topic, Uuid topicId) {
        FuzzFrames made = new FuzzFrames(topic, topicId);
        ApiCatalog.all().stream()
                .sorted(Comparator.comparingInt(ApiSchema::key))
                .forEach(
                        api -> {
                            // What only Kafka's own controllers serve is refused in any version.
                            boolean everyVersion =
                                    api.brokerListener()
                                            || api.key() >= ApiCatalog.FIRST_PRIVATE_KEY;
                            short v = everyVersion ? api.oldestVersion() : api.latestVersion();
                            for (; v <= api.latestVersion(); v++) {
                                made.addApi(api, v);
                            }
                        });
        return made.frames;
    }

    private void addApi(ApiSchema api, short version) {
        add(api, version, api.newRequest().get());
        add(api, version, samples.filled(api.newRequest().get(), version));
        if (api.key() == ApiKeys.PRODUCE.id) {
            for (ByteBuffer records : batches(version == api.latestVersion())) {
                add(api, version, produce(version, records));
            }
        }
    }

    private void add(ApiSchema api, short version, ApiMessage body) {
        OutboundFrame frame = MessageWriter.request(api, version, 7, "fuzz", body);
        ByteBuffer bytes = ByteBuffer.allocate(frame.sizeInBytes());
        frame.parts().forEach(part -> bytes.put(((OutboundFrame.Bytes) part).buffer()));
        frames.add(new Frame(api.name(), bytes.array()));
    }

    private ProduceRequestData produce(short version, ByteBuffer records) {
        ProduceRequestData.TopicProduceData data =
                new ProduceRequestData.TopicProduceData()
                        .setPartitionData(
                                List.of(
                                        new ProduceRequestData.PartitionProduceData()
                                                .setIndex(0)
                                                .setRecords(RecordsField.of(records))));
        if (version >= 13) {
            data.setTopicId(topicId);
        } else {
            data.setName(topic);
        }
        ProduceRequestData request =
                new ProduceRequestData()
                        .setAcks(records.limit() % 3 == 0 ? (short) 1 : (short) -1)
                        .setTimeoutMs(1000);
        request.topicData().add(data);
        return request;
    }

    /** Batches of every codec, several in one request, with headers and nulls, and bombs. */
    private static List<ByteBuffer> batches(boolean withBombs) {
        List<ByteBuffer> all = new ArrayList<>();
        for (CompressionCodec codec : CompressionCodec.values()) {
            all.add(batch(codec, 5));
        }
        ByteBuffer one = batch(CompressionCodec.NONE, 1);
        ByteBuffer two = batch(CompressionCodec.ZSTD, 2);
        all.add(ByteBuffer.allocate(one.limit() + two.limit()).put(one).put(two).flip());
        all.add(
                BatchBuilder.growing()
                        .producer(42, (short) 0, 0, false)
                        .append(1_700_000_000_000L, bytes("k"), bytes("v"), List.of())
                        .build());
        for (CompressionCodec codec : CompressionCodec.values()) {
            if (withBombs && codec != CompressionCodec.NONE) {
                all.add(
                        BatchBuilder.growing()
                                .codec(codec)
                                .append(1L, (byte[]) null, new byte[BOMB_BYTES], List.of())
                                .build());
            }
        }
        return all;
    }

    static ByteBuffer batch(CompressionCodec codec, int records) {
        BatchBuilder builder = BatchBuilder.growing().codec(codec);
        for (int i = 0; i < records; i++) {
            builder.append(
                    1_700_000_000_000L + i,
                    i % 3 == 0 ? null : bytes("key-" + i),
                    i % 4 == 3 ? null : bytes("value-" + i),
                    List.of(new RecordHeader("h" + i, bytes("x"))));
        }
        return builder.build();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
