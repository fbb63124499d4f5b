package io.headrace.coordinator.group.offset;

import io.headrace.coordinator.group.record.PendingOffsetKey;
import io.headrace.coordinator.group.record.PendingOffsetValue;
import io.headrace.coordinator.group.record.ProducerFenceKey;
import io.headrace.coordinator.group.record.ProducerFenceValue;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * The offsets that open transactions have committed, and under which epochs each producer's
 * transactions were decided. Confined to the shard's core.
 *
 * <p>Kafka writes such offsets in transactional batches, whose marker decides them. Here a pending
 * offset is a record of its own, which the marker's step replaces by the committed one or deletes:
 * so an owner's appends are never undone, and compaction forgets what was decided.
 */
public final class PendingOffsets {
    public static final short OFFSET_TYPE = 32_001;
    public static final short FENCE_TYPE = 32_002;

    private static final short VERSION = 0;

    private final Map<Long, Transaction> open = new HashMap<>();
    private final Map<Long, Fence> fences = new HashMap<>();
    private long nextOrder;

    /** How many open transactions have an offset of a group's partition. */
    private final Map<String, Map<TopicPartition, Integer>> pending = new HashMap<>();

    /** Names a partition of a group. */
    public record Key(String groupId, TopicPartition partition) {}

    /**
     * The newest decision about a producer.
     *
     * @param producerEpoch of the marker: what is older may commit nothing
     * @param coordinatorEpoch of the marker: what is older may decide nothing
     */
    public record Fence(short producerEpoch, int coordinatorEpoch, long timestampMs) {}

    /**
     * What an open transaction has committed for a partition.
     *
     * @param order grows with each commit, in the order of the shard's log; clocks say nothing
     */
    public record Pending(CommittedOffset offset, long order) {}

    /** What an open transaction has committed. */
    private static final class Transaction {
        private final short producerEpoch;
        private final Map<Key, Pending> offsets = new LinkedHashMap<>();

        Transaction(short producerEpoch) {
            this.producerEpoch = producerEpoch;
        }
    }

    /** Producers remembered. */
    public int producerCount() {
        return Math.max(open.size(), fences.size());
    }

    /** The epoch of a producer's open transaction, or -1 when it has none. */
    public short openEpoch(long producerId) {
        Transaction transaction = open.get(producerId);
        return transaction == null ? -1 : transaction.producerEpoch;
    }

    public @Nullable Fence fence(long producerId) {
        return fences.get(producerId);
    }

    /** Whether a transaction that is not decided has committed an offset of the partition. */
    public boolean isPending(String groupId, String topic, int partition) {
        Map<TopicPartition, Integer> ofGroup = pending.get(groupId);
        return ofGroup != null && ofGroup.containsKey(new TopicPartition(topic, partition));
    }

    public boolean isAnyPending(String groupId) {
        return pending.containsKey(groupId);
    }

    /** What a producer's open transaction has committed. */
    public Map<Key, Pending> of(long producerId) {
        Transaction transaction = open.get(producerId);
        return transaction == null ? Map.of() : Collections.unmodifiableMap(transaction.offsets);
    }

    /** Notes an offset, in place of one that the same transaction committed before. */
    public void put(long producerId, short producerEpoch, Key key, CommittedOffset offset) {
        Transaction transaction = open.get(producerId);
        if (transaction == null || transaction.producerEpoch != producerEpoch) {
            if (transaction != null) {
                close(producerId);
            }
            transaction = new Transaction(producerEpoch);
            open.put(producerId, transaction);
        }
        if (transaction.offsets.put(key, new Pending(offset, nextOrder++)) == null) {
            pending.computeIfAbsent(key.groupId(), group -> new HashMap<>())
                    .merge(key.partition(), 1, Integer::sum);
        }
    }

    /**
     * Forgets what open transactions committed for a partition before something that is the group's
     * now: whatever becomes of them, it stays.
     *
     * @param order of what is the group's now
     * @return their producers
     */
    public List<Long> supersede(Key key, long order) {
        if (!isPending(key.groupId(), key.partition().topic(), key.partition().partition())) {
            return List.of();
        }
        List<Long> producers = new ArrayList<>();
        open.forEach(
                (producerId, transaction) -> {
                    Pending pending = transaction.offsets.get(key);
                    if (pending != null && pending.order() < order) {
                        producers.add(producerId);
                    }
                });
        producers.forEach(producerId -> remove(producerId, key));
        return producers;
    }

    /**
     * Forgets what open transactions committed for such topics.
     *
     * @return what is forgotten, by producer
     */
    public Map<Long, List<Key>> forgetTopics(Predicate<Uuid> topicIds) {
        Map<Long, List<Key>> found = new TreeMap<>();
        open.forEach(
                (producerId, transaction) ->
                        transaction.offsets.forEach(
                                (key, pending) -> {
                                    if (topicIds.test(pending.offset().topicId())) {
                                        found.computeIfAbsent(producerId, id -> new ArrayList<>())
                                                .add(key);
                                    }
                                }));
        found.forEach((producerId, keys) -> keys.forEach(key -> remove(producerId, key)));
        return found;
    }

    /** Forgets a producer's open transaction: it is decided. */
    public void close(long producerId) {
        for (Key key : List.copyOf(of(producerId).keySet())) {
            remove(producerId, key);
        }
    }

    private void remove(long producerId, Key key) {
        Transaction transaction = open.get(producerId);
        if (transaction == null || transaction.offsets.remove(key) == null) {
            return;
        }
        if (transaction.offsets.isEmpty()) {
            open.remove(producerId);
        }
        pending.computeIfPresent(
                key.groupId(),
                (group, partitions) -> {
                    partitions.computeIfPresent(
                            key.partition(), (partition, count) -> count > 1 ? count - 1 : null);
                    return partitions.isEmpty() ? null : partitions;
                });
    }

    /** Notes a decision. */
    public void putFence(long producerId, Fence fence) {
        fences.put(producerId, fence);
    }

    /** Forgets decisions older than that; the producers forgotten. */
    public List<Long> expireFences(long beforeMs) {
        List<Long> expired = new ArrayList<>();
        Iterator<Map.Entry<Long, Fence>> each = fences.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry<Long, Fence> entry = each.next();
            if (entry.getValue().timestampMs() < beforeMs && !open.containsKey(entry.getKey())) {
                expired.add(entry.getKey());
                each.remove();
            }
        }
        return expired;
    }

    // Records.

    /** The record of a pending offset. */
    public static ShardRecord pending(
            long producerId, short producerEpoch, Key key, CommittedOffset offset) {
        PendingOffsetValue value =
                new PendingOffsetValue()
                        .setProducerEpoch(producerEpoch)
                        .setOffset(offset.offset())
                        .setLeaderEpoch(offset.leaderEpoch())
                        .setMetadata(offset.metadata())
                        .setCommitTimestamp(offset.commitTimestampMs())
                        .setTopicId(offset.topicId());
        return new ShardRecord(keyOf(producerId, key), prefixed(VERSION, value));
    }

    /** The record that deletes a pending offset. */
    public static ShardRecord decided(long producerId, Key key) {
        return new ShardRecord(keyOf(producerId, key), null);
    }

    /** The record of a decision. */
    public static ShardRecord fenced(long producerId, Fence fence) {
        ProducerFenceValue value =
                new ProducerFenceValue()
                        .setProducerEpoch(fence.producerEpoch())
                        .setCoordinatorEpoch(fence.coordinatorEpoch())
                        .setTimestamp(fence.timestampMs());
        return new ShardRecord(fenceKeyOf(producerId), prefixed(VERSION, value));
    }

    /** The record that forgets a decision. */
    public static ShardRecord forgotten(long producerId) {
        return new ShardRecord(fenceKeyOf(producerId), null);
    }

    /**
     * Applies a record of {@link #OFFSET_TYPE} or {@link #FENCE_TYPE}.
     *
     * @return the group that it is of, or null for a fence
     * @throws IllegalArgumentException if the record is not such a one
     */
    public @Nullable String apply(ShardRecord record) {
        ByteBuffer key = record.key();
        ByteBuffer body = key.slice(key.position() + 2, key.remaining() - 2);
        try {
            if (key.getShort(key.position()) == FENCE_TYPE) {
                long producerId =
                        ResponseReader.readInto(new ProducerFenceKey(), VERSION, body).producerId();
                applyFence(producerId, record.value());
                return null;
            }
            PendingOffsetKey read = ResponseReader.readInto(new PendingOffsetKey(), VERSION, body);
            applyOffset(read, record.value());
            return read.group();
        } catch (MalformedFrameException e) {
            throw new IllegalArgumentException("Not a pending offset", e);
        }
    }

    private void applyFence(long producerId, @Nullable ByteBuffer value)
            throws MalformedFrameException {
        if (value == null) {
            fences.remove(producerId);
            return;
        }
        ProducerFenceValue read = read(new ProducerFenceValue(), value);
        fences.put(
                producerId,
                new Fence(read.producerEpoch(), read.coordinatorEpoch(), read.timestamp()));
    }

    private void applyOffset(PendingOffsetKey read, @Nullable ByteBuffer value)
            throws MalformedFrameException {
        Key key = new Key(read.group(), new TopicPartition(read.topic(), read.partition()));
        if (value == null) {
            remove(read.producerId(), key);
            return;
        }
        PendingOffsetValue offset = read(new PendingOffsetValue(), value);
        put(
                read.producerId(),
                offset.producerEpoch(),
                key,
                new CommittedOffset(
                        offset.offset(),
                        offset.leaderEpoch(),
                        offset.metadata(),
                        offset.commitTimestamp(),
                        CommittedOffset.NO_EXPIRY,
                        offset.topicId()));
    }

    private static <T extends Message> T read(T into, ByteBuffer value)
            throws MalformedFrameException {
        if (value.remaining() < 2) {
            throw new MalformedFrameException("A value without a version");
        }
        return ResponseReader.readInto(
                into,
                value.getShort(value.position()),
                value.slice(value.position() + 2, value.remaining() - 2));
    }

    private static ByteBuffer keyOf(long producerId, Key key) {
        return prefixed(
                OFFSET_TYPE,
                new PendingOffsetKey()
                        .setProducerId(producerId)
                        .setGroup(key.groupId())
                        .setTopic(key.partition().topic())
                        .setPartition(key.partition().partition()));
    }

    private static ByteBuffer fenceKeyOf(long producerId) {
        return prefixed(FENCE_TYPE, new ProducerFenceKey().setProducerId(producerId));
    }

    private static ByteBuffer prefixed(short prefix, Message message) {
        ByteBuffer bytes = MessageWriter.bytes(message, VERSION);
        return ByteBuffer.allocate(2 + bytes.remaining()).putShort(prefix).put(bytes).flip();
    }
}
