package io.headrace.coordinator.group.classic;

import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.TopicImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.ConsumerProtocolAssignment;
import org.apache.kafka.common.message.ConsumerProtocolSubscription;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What consumers of the classic protocol say to each other, in bytes that the coordinator need not
 * understand: it does where such consumers are members of a group of the consumer protocol.
 */
public final class EmbeddedProtocol {
    private EmbeddedProtocol() {}

    /** Of a consumer: what it subscribes to, and what it owns. */
    public record Subscribed(
            Set<String> topics, @Nullable String rackId, Map<Uuid, List<Integer>> owned) {}

    /** The subscription in a member's metadata, or null when the bytes are none. */
    public static @Nullable Subscribed subscription(byte[] metadata, MetadataImage image) {
        ByteBuffer bytes = ByteBuffer.wrap(metadata);
        if (bytes.remaining() < Short.BYTES) {
            return null;
        }
        short version = bytes.getShort(0);
        if (version < 0) {
            return null;
        }
        try {
            // A later version begins as the latest that is known does.
            ConsumerProtocolSubscription read =
                    ResponseReader.readInto(
                            new ConsumerProtocolSubscription(),
                            min(version, ConsumerProtocolSubscription.HIGHEST_SUPPORTED_VERSION),
                            bytes.slice(Short.BYTES, bytes.remaining() - Short.BYTES));
            Map<Uuid, List<Integer>> owned = new HashMap<>();
            for (var topic : read.ownedPartitions()) {
                TopicImage known = image.topic(topic.topic());
                if (known != null) {
                    owned.put(known.topicId(), List.copyOf(topic.partitions()));
                }
            }
            return new Subscribed(Set.copyOf(read.topics()), read.rackId(), owned);
        } catch (MalformedFrameException e) {
            return null;
        }
    }

    /** The partitions in a member's assignment by topic, or null when the bytes are none. */
    public static @Nullable Map<Uuid, Set<Integer>> assignment(
            byte[] assignment, MetadataImage image) {
        Map<Uuid, Set<Integer>> partitions = new HashMap<>();
        if (assignment.length == 0) {
            return partitions;
        }
        ByteBuffer bytes = ByteBuffer.wrap(assignment);
        if (bytes.remaining() < Short.BYTES || bytes.getShort(0) < 0) {
            return null;
        }
        try {
            ConsumerProtocolAssignment read =
                    ResponseReader.readInto(
                            new ConsumerProtocolAssignment(),
                            min(
                                    bytes.getShort(0),
                                    ConsumerProtocolAssignment.HIGHEST_SUPPORTED_VERSION),
                            bytes.slice(Short.BYTES, bytes.remaining() - Short.BYTES));
            for (var topic : read.assignedPartitions()) {
                TopicImage known = image.topic(topic.topic());
                if (known != null && !topic.partitions().isEmpty()) {
                    partitions.put(known.topicId(), new TreeSet<>(topic.partitions()));
                }
            }
            return partitions;
        } catch (MalformedFrameException e) {
            return null;
        }
    }

    /** The assignment of those partitions, in the version that the member's metadata has. */
    public static byte[] assignmentOf(
            Map<Uuid, ? extends Map<Integer, Integer>> partitions,
            byte[] metadata,
            MetadataImage image) {
        short wanted = metadata.length < Short.BYTES ? 0 : ByteBuffer.wrap(metadata).getShort(0);
        short version =
                min(wanted < 0 ? 0 : wanted, ConsumerProtocolAssignment.HIGHEST_SUPPORTED_VERSION);
        ConsumerProtocolAssignment assignment = new ConsumerProtocolAssignment();
        partitions.forEach(
                (topicId, ofTopic) -> {
                    TopicImage topic = image.topic(topicId);
                    if (topic != null) {
                        assignment
                                .assignedPartitions()
                                .add(
                                        new ConsumerProtocolAssignment.TopicPartition()
                                                .setTopic(topic.name())
                                                .setPartitions(new ArrayList<>(ofTopic.keySet())));
                    }
                });
        ByteBuffer body = MessageWriter.bytes(assignment, version);
        return ByteBuffer.allocate(Short.BYTES + body.remaining())
                .putShort(version)
                .put(body)
                .array();
    }

    private static short min(short a, short b) {
        return a < b ? a : b;
    }
}
