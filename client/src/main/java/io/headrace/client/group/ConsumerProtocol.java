package io.headrace.client.group;

import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.message.ConsumerProtocolAssignment;
import org.apache.kafka.common.message.ConsumerProtocolSubscription;
import org.apache.kafka.common.protocol.Message;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The bytes that members of a classic consumer group exchange through the coordinator: a version
 * (int16), then Kafka's ConsumerProtocolSubscription or ConsumerProtocolAssignment.
 */
public final class ConsumerProtocol {
    /** The protocol type of consumer groups. */
    public static final String TYPE = "consumer";

    private ConsumerProtocol() {}

    /**
     * What a member wants and has.
     *
     * @param owned the partitions that it holds
     * @param generation in which it got them; -1 when unknown
     */
    record MemberSubscription(Set<String> topics, Set<TopicPartition> owned, int generation) {}

    static byte[] encode(MemberSubscription subscription) {
        ConsumerProtocolSubscription message =
                new ConsumerProtocolSubscription()
                        .setTopics(new ArrayList<>(new TreeSet<>(subscription.topics())))
                        .setGenerationId(subscription.generation());
        for (TopicPartition partition : subscription.owned()) {
            var topic = message.ownedPartitions().find(partition.topic());
            if (topic == null) {
                topic =
                        new ConsumerProtocolSubscription.TopicPartition()
                                .setTopic(partition.topic());
                message.ownedPartitions().add(topic);
            }
            topic.partitions().add(partition.partition());
        }
        return withVersion(message, ConsumerProtocolSubscription.HIGHEST_SUPPORTED_VERSION);
    }

    static MemberSubscription decodeSubscription(byte[] bytes) throws MalformedFrameException {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        short version = version(buffer, ConsumerProtocolSubscription.HIGHEST_SUPPORTED_VERSION);
        ConsumerProtocolSubscription message =
                ResponseReader.readInto(new ConsumerProtocolSubscription(), version, buffer);
        Set<TopicPartition> owned = new HashSet<>();
        message.ownedPartitions()
                .forEach(
                        topic ->
                                topic.partitions()
                                        .forEach(
                                                p ->
                                                        owned.add(
                                                                new TopicPartition(
                                                                        topic.topic(), p))));
        return new MemberSubscription(Set.copyOf(message.topics()), owned, message.generationId());
    }

    static byte[] encodeAssignment(Collection<TopicPartition> partitions) {
        ConsumerProtocolAssignment message = new ConsumerProtocolAssignment();
        for (TopicPartition partition : partitions) {
            var topic = message.assignedPartitions().find(partition.topic());
            if (topic == null) {
                topic = new ConsumerProtocolAssignment.TopicPartition().setTopic(partition.topic());
                message.assignedPartitions().add(topic);
            }
            topic.partitions().add(partition.partition());
        }
        return withVersion(message, ConsumerProtocolAssignment.HIGHEST_SUPPORTED_VERSION);
    }

    /**
     * The partitions of an assignment; none for no bytes.
     *
     * @throws MalformedFrameException if the bytes are no assignment
     */
    public static Set<TopicPartition> decodeAssignment(byte @Nullable [] bytes)
            throws MalformedFrameException {
        if (bytes == null || bytes.length == 0) {
            return Set.of();
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        short version = version(buffer, ConsumerProtocolAssignment.HIGHEST_SUPPORTED_VERSION);
        ConsumerProtocolAssignment message =
                ResponseReader.readInto(new ConsumerProtocolAssignment(), version, buffer);
        Set<TopicPartition> partitions = new HashSet<>();
        message.assignedPartitions()
                .forEach(
                        topic ->
                                topic.partitions()
                                        .forEach(
                                                p ->
                                                        partitions.add(
                                                                new TopicPartition(
                                                                        topic.topic(), p))));
        return partitions;
    }

    /** Newer versions only add fields at the end, so they are read as the newest known. */
    private static short version(ByteBuffer buffer, short newest) throws MalformedFrameException {
        if (buffer.remaining() < 2) {
            throw new MalformedFrameException("A member's message of " + buffer.remaining());
        }
        short version = buffer.getShort();
        if (version < 0) {
            throw new MalformedFrameException("A member's message of version " + version);
        }
        return (short) Math.min(version, newest);
    }

    private static byte[] withVersion(Message message, short version) {
        ByteBuffer body = MessageWriter.bytes(message, version);
        byte[] bytes = new byte[2 + body.remaining()];
        ByteBuffer.wrap(bytes).putShort(version).put(body);
        return bytes;
    }

    static List<TopicPartition> sorted(Collection<TopicPartition> partitions) {
        List<TopicPartition> sorted = new ArrayList<>(partitions);
        sorted.sort(
                java.util.Comparator.comparing(TopicPartition::topic)
                        .thenComparingInt(TopicPartition::partition));
        return sorted;
    }
}
