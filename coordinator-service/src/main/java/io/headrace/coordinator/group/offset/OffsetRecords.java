package io.headrace.coordinator.group.offset;

import io.headrace.coordinator.group.record.OffsetKey;
import io.headrace.coordinator.group.record.OffsetValue;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.Uuid;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Committed offsets as records, in Kafka's format. */
public final class OffsetRecords {
    /** The record type that Kafka wrote at first; its key is the same. */
    public static final short OLD_TYPE = 0;

    public static final short TYPE = 1;

    private static final short KEY_VERSION = 0;

    /** The last version without tagged fields, which any Kafka tool reads. */
    private static final short PLAIN_VERSION = 3;

    private static final short EXPIRING_VERSION = 1;
    private static final short TOPIC_ID_VERSION = 4;

    private OffsetRecords() {}

    /**
     * The records of commits of one group for one topic. Written by hand, since every commit of
     * every consumer makes some: the bytes are those of the generated classes.
     */
    public static final class Writer {
        private final String groupId;
        private final String topic;

        /** The type, the group and the topic, as they begin every key. */
        private final byte[] keyStart;

        public Writer(String groupId, String topic) {
            this.groupId = groupId;
            this.topic = topic;
            byte[] group = groupId.getBytes(StandardCharsets.UTF_8);
            byte[] name = topic.getBytes(StandardCharsets.UTF_8);
            keyStart = new byte[6 + group.length + name.length];
            ByteBuffer start = ByteBuffer.wrap(keyStart).putShort(TYPE);
            putShortString(start, group);
            putShortString(start, name);
        }

        public boolean isOf(String otherGroupId, String otherTopic) {
            return groupId.equals(otherGroupId) && topic.equals(otherTopic);
        }

        /** The record of a commit. */
        public ShardRecord committed(int partition, CommittedOffset committed) {
            return new ShardRecord(key(partition), value(committed));
        }

        private ByteBuffer key(int partition) {
            ByteBuffer key = ByteBuffer.allocate(keyStart.length + 4);
            return key.put(keyStart).putInt(partition).flip();
        }
    }

    private static ByteBuffer value(CommittedOffset committed) {
        byte[] metadata = committed.metadata().getBytes(StandardCharsets.UTF_8);
        short version = versionFor(committed);
        // No version has more beside the metadata than 50 bytes.
        ByteBuffer value = ByteBuffer.allocate(50 + metadata.length);
        value.putShort(version).putLong(committed.offset());
        switch (version) {
            case EXPIRING_VERSION -> {
                putShortString(value, metadata);
                value.putLong(committed.commitTimestampMs());
                value.putLong(committed.expireTimestampMs());
            }
            case PLAIN_VERSION -> {
                value.putInt(committed.leaderEpoch());
                putShortString(value, metadata);
                value.putLong(committed.commitTimestampMs());
            }
            default -> {
                value.putInt(committed.leaderEpoch());
                putUnsignedVarint(value, metadata.length + 1);
                value.put(metadata).putLong(committed.commitTimestampMs());
                putTopicIdTag(value, committed.topicId());
            }
        }
        return value.flip();
    }

    private static void putShortString(ByteBuffer target, byte[] text) {
        if (text.length > Short.MAX_VALUE) {
            throw new IllegalArgumentException("A text of " + text.length + " bytes is too long");
        }
        target.putShort((short) text.length).put(text);
    }

    private static void putUnsignedVarint(ByteBuffer target, int value) {
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            target.put((byte) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        target.put((byte) rest);
    }

    /** The tagged fields: one, with tag 0 and 16 bytes. */
    private static void putTopicIdTag(ByteBuffer target, Uuid topicId) {
        target.put((byte) 1).put((byte) 0).put((byte) 16);
        target.putLong(topicId.getMostSignificantBits());
        target.putLong(topicId.getLeastSignificantBits());
    }

    /** The record that deletes a commit. */
    public static ShardRecord deleted(String groupId, String topic, int partition) {
        return new ShardRecord(key(groupId, topic, partition), null);
    }

    /** Decodes a key whose type is {@link #TYPE} or {@link #OLD_TYPE}. */
    static OffsetKey readKey(ByteBuffer key) throws MalformedFrameException {
        return ResponseReader.readInto(
                new OffsetKey(), KEY_VERSION, key.slice(key.position() + 2, key.remaining() - 2));
    }

    static CommittedOffset readValue(ByteBuffer value) throws MalformedFrameException {
        if (value.remaining() < 2) {
            throw new MalformedFrameException("A committed offset without a version");
        }
        OffsetValue read =
                ResponseReader.readInto(
                        new OffsetValue(),
                        value.getShort(value.position()),
                        value.slice(value.position() + 2, value.remaining() - 2));
        return new CommittedOffset(
                read.offset(),
                read.leaderEpoch(),
                read.metadata(),
                read.commitTimestamp(),
                read.expireTimestamp(),
                read.topicId());
    }

    private static short versionFor(CommittedOffset committed) {
        if (committed.expireTimestampMs() != CommittedOffset.NO_EXPIRY) {
            return EXPIRING_VERSION;
        }
        return committed.topicId().equals(Uuid.ZERO_UUID) ? PLAIN_VERSION : TOPIC_ID_VERSION;
    }

    private static ByteBuffer key(String groupId, String topic, int partition) {
        return new Writer(groupId, topic).key(partition);
    }
}
