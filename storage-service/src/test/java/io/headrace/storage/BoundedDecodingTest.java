package io.headrace.storage;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerProtocolAssignment;
import org.apache.kafka.common.message.MetadataRequestData;
import org.apache.kafka.common.message.MetadataRequestData.MetadataRequestTopic;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponsePartition;
import org.apache.kafka.common.message.MetadataResponseData.MetadataResponseTopic;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Message;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;

/** A frame of few bytes does not become many objects, whichever API and list it tries. */
class BoundedDecodingTest {
    private static final int FRAME_BYTES = 4 << 20;
    private static final long MAX_ALLOCATED_BYTES = 80L << 20;
    private static final long MAX_CPU_NANOS = 4_000_000_000L;

    private final SampleMessages samples = new SampleMessages("orders", new Uuid(3, 4));
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private int bombs;
    private int refused;

    /** Every list of every request, as many of its smallest elements as fit, all equal. */
    @Test
    void noListOfTinyElementsBecomesLarge() throws ReflectiveOperationException {
        for (ApiSchema api : ApiCatalog.all()) {
            short version = api.latestVersion();
            ApiMessage root = samples.filled(api.newRequest().get(), version);
            attackLists(api, version, root, root);
        }
        System.out.println(refused + " of " + bombs + " bombs refused");
        assertThat(bombs).isGreaterThan(100);
        assertThat(refused).isPositive();
    }

    @Test
    void largeRealMessagesAreRead() throws MalformedFrameException {
        MetadataRequestData metadata = new MetadataRequestData().setTopics(new ArrayList<>());
        OffsetCommitRequestTopic topic = new OffsetCommitRequestTopic().setName("t");
        for (int i = 0; i < 100_000; i++) {
            metadata.topics().add(new MetadataRequestTopic().setName("topic-" + i));
            topic.partitions().add(new OffsetCommitRequestPartition().setPartitionIndex(i));
        }
        read(ApiKeys.METADATA, (short) 8, metadata);
        read(ApiKeys.METADATA, (short) 13, metadata);
        OffsetCommitRequestData commit =
                new OffsetCommitRequestData().setGroupId("g").setTopics(List.of(topic));
        read(ApiKeys.OFFSET_COMMIT, (short) 9, commit);

        ConsumerProtocolAssignment assignment = new ConsumerProtocolAssignment();
        assignment
                .assignedPartitions()
                .add(
                        new ConsumerProtocolAssignment.TopicPartition()
                                .setTopic("t")
                                .setPartitions(IntStream.range(0, 20_000).boxed().toList()));
        assertThat(
                        ResponseReader.readInto(
                                new ConsumerProtocolAssignment(),
                                (short) 3,
                                MessageWriter.bytes(assignment, (short) 3)))
                .isEqualTo(assignment);
    }

    @Test
    void largeRealAnswersAreRead() throws MalformedFrameException {
        MetadataResponseTopic topic = new MetadataResponseTopic().setName("t");
        for (int i = 0; i < 100_000; i++) {
            topic.partitions()
                    .add(
                            new MetadataResponsePartition()
                                    .setPartitionIndex(i)
                                    .setReplicaNodes(List.of(1, 2, 3))
                                    .setIsrNodes(List.of(1, 2, 3)));
        }
        MetadataResponseData answer = new MetadataResponseData();
        answer.topics().add(topic);
        ApiSchema api = ApiCatalog.get(ApiKeys.METADATA);
        var frame = MessageWriter.response(api, (short) 13, 1, answer);
        ByteBuffer bytes = ByteBuffer.allocate(frame.sizeInBytes());
        frame.parts()
                .forEach(
                        part ->
                                bytes.put(
                                        ((io.headrace.protocol.codec.OutboundFrame.Bytes) part)
                                                .buffer()));
        assertThat(ResponseReader.read(api, (short) 13, bytes.flip())).isEqualTo(answer);
    }

    /** As Kafka does: librdkafka's Metadata of all topics is followed by three bytes. */
    @Test
    void bytesAfterTheBodyAreIgnored() throws Exception {
        MetadataRequestData message = new MetadataRequestData().setTopics(null);
        ByteBuffer exact = MessageWriter.bytes(message, (short) 12);
        ByteBuffer longer = ByteBuffer.allocate(exact.remaining() + 3).put(exact).clear();
        ApiSchema api = ApiCatalog.get(ApiKeys.METADATA);
        assertThat(new RequestHead(api, (short) 12, 1, "").readBody(longer)).isEqualTo(message);
    }

    private static void read(ApiKeys key, short version, ApiMessage message)
            throws MalformedFrameException {
        ApiSchema api = ApiCatalog.get(key);
        ByteBuffer body = MessageWriter.bytes(message, version);
        assertThat(new RequestHead(api, version, 1, "").readBody(body)).isEqualTo(message);
    }

    private void attackLists(ApiSchema api, short version, ApiMessage root, Object struct)
            throws ReflectiveOperationException {
        for (Method getter : struct.getClass().getMethods()) {
            if (!Collection.class.isAssignableFrom(getter.getReturnType())
                    || getter.getParameterCount() > 0
                    || getter.getName().equals("unknownTaggedFields")) {
                continue;
            }
            Collection<?> list = (Collection<?>) getter.invoke(struct);
            if (list == null || list.isEmpty()) {
                continue; // not in this version
            }
            Object element = list.iterator().next();
            byte[] one = bytesWith(root, version, struct, getter, element, 1);
            byte[] two = bytesWith(root, version, struct, getter, element, 2);
            setterOf(struct, getter).invoke(struct, list);
            if (one != null && two != null && one.length < two.length) {
                byte[] bomb = bomb(one, two, api.requestHeader().of(version) >= 2);
                attack(api, version, getter.getName(), bomb);
            }
            if (element instanceof Message nested) {
                attackLists(api, version, root, nested);
            }
        }
    }

    /** The message with so many of the smallest elements in the list; null if it has none such. */
    private static byte @Nullable [] bytesWith(
            ApiMessage root, short version, Object struct, Method getter, Object like, int count)
            throws ReflectiveOperationException {
        Collection<Object> list = emptyLike(getter.getReturnType());
        for (int i = 0; i < count; i++) {
            list.add(
                    like instanceof Message
                            ? like.getClass().getConstructor().newInstance()
                            : like instanceof String ? "" : like);
        }
        if (list.size() != count) {
            return null; // a set
        }
        setterOf(struct, getter).invoke(struct, list);
        try {
            ByteBuffer bytes = MessageWriter.bytes(root, version);
            byte[] copy = new byte[bytes.limit()];
            bytes.get(0, copy);
            return copy;
        } catch (RuntimeException notWithoutMore) {
            return null;
        }
    }

    @SuppressWarnings("unchecked") // Generated collections hold what the getter's list held.
    private static Collection<Object> emptyLike(Class<?> type) throws ReflectiveOperationException {
        return type == List.class
                ? new ArrayList<>()
                : (Collection<Object>) type.getConstructor().newInstance();
    }

    private static Method setterOf(Object struct, Method getter) throws NoSuchMethodException {
        String name = getter.getName();
        return struct.getClass()
                .getMethod(
                        "set" + Character.toUpperCase(name.charAt(0)) + name.substring(1),
                        getter.getReturnType());
    }

    /** The first frame with its one element repeated; the second shows where and how long. */
    private static byte[] bomb(byte[] one, byte[] two, boolean isFlexible) {
        int at = Arrays.mismatch(one, two);
        int elementBytes = two.length - one.length;
        int count = FRAME_BYTES / elementBytes;
        ByteBuffer bomb = ByteBuffer.allocate(one.length + 8 + count * elementBytes);
        if (isFlexible) {
            bomb.put(one, 0, at);
            int left = count + 1;
            while ((left & ~0x7f) != 0) {
                bomb.put((byte) ((left & 0x7f) | 0x80));
                left >>>= 7;
            }
            bomb.put((byte) left);
        } else {
            bomb.put(one, 0, Math.max(0, at - 3)).putInt(count);
        }
        for (int i = 0; i < count; i++) {
            bomb.put(one, at + 1, elementBytes);
        }
        int rest = at + 1 + elementBytes;
        bomb.put(one, rest, one.length - rest);
        return Arrays.copyOf(bomb.array(), bomb.position());
    }

    private void attack(ApiSchema api, short version, String list, byte[] bomb) {
        bombs++;
        long before = threads.getCurrentThreadAllocatedBytes();
        long cpuBefore = threads.getCurrentThreadCpuTime();
        try {
            new RequestHead(api, version, 1, "").readBody(ByteBuffer.wrap(bomb));
        } catch (MalformedFrameException e) {
            refused++;
        }
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertThat(allocated)
                .as("%s version %d, %s, %d bytes", api.name(), version, list, bomb.length)
                .isLessThan(MAX_ALLOCATED_BYTES);
        assertThat(threads.getCurrentThreadCpuTime() - cpuBefore)
                .as("%s version %d, %s, %d bytes", api.name(), version, list, bomb.length)
                .isLessThan(MAX_CPU_NANOS);
    }
}
