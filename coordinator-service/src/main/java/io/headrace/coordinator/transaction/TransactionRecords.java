package io.headrace.coordinator.transaction;

import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.transaction.record.TransactionKey;
import io.headrace.coordinator.transaction.record.TransactionValue;
import io.headrace.coordinator.transaction.record.TransactionValue.PartitionsOfTopic;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;
import io.headrace.protocol.codec.TaggedFields;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Message;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Transactional ids as records, in Kafka's format. The id of a topic, for which that format has no
 * room, is in a tagged field of a number that Kafka's tools skip.
 */
final class TransactionRecords {
    static final short TYPE = 0;

    private static final short KEY_VERSION = 0;
    private static final short VALUE_VERSION = 1;
    private static final int TOPIC_ID_TAG = TaggedFields.FIRST;

    private TransactionRecords() {}

    /** The record of a transactional id as it is. */
    static ShardRecord of(String transactionalId, TransactionState state) {
        boolean hasPartitions =
                state.status() == TransactionStatus.ONGOING || state.status().isPrepared();
        TransactionValue value =
                new TransactionValue()
                        .setProducerId(state.producerId())
                        .setPreviousProducerId(state.previousProducerId())
                        .setNextProducerId(state.nextProducerId())
                        .setProducerEpoch(state.producerEpoch())
                        .setTransactionTimeoutMs(state.timeoutMs())
                        .setTransactionStatus(state.status().id())
                        .setTransactionPartitions(hasPartitions ? topics(state) : null)
                        .setTransactionLastUpdateTimestampMs(state.updateMs())
                        .setTransactionStartTimestampMs(state.startMs())
                        .setClientTransactionVersion(state.clientVersion());
        return new ShardRecord(key(transactionalId), prefixed(VALUE_VERSION, value, VALUE_VERSION));
    }

    private static List<PartitionsOfTopic> topics(TransactionState state) {
        List<PartitionsOfTopic> topics = new ArrayList<>();
        PartitionsOfTopic last = null;
        Uuid lastId = Uuid.ZERO_UUID;
        for (TransactionPartition partition : state.partitions()) {
            if (last == null
                    || !last.topic().equals(partition.topic())
                    || !lastId.equals(partition.topicId())) {
                last = new PartitionsOfTopic().setTopic(partition.topic());
                lastId = partition.topicId();
                TaggedFields.putUuid(last, TOPIC_ID_TAG, lastId);
                topics.add(last);
            }
            last.partitionIds().add(partition.partition());
        }
        return topics;
    }

    /** The record that deletes a transactional id. */
    static ShardRecord deleted(String transactionalId) {
        return new ShardRecord(key(transactionalId), null);
    }

    /** The transactional id that a record of {@link #TYPE} is about. */
    static String readKey(ByteBuffer key) throws MalformedFrameException {
        return ResponseReader.readInto(
                        new TransactionKey(),
                        KEY_VERSION,
                        key.slice(key.position() + 2, key.remaining() - 2))
                .transactionalId();
    }

    static TransactionState readValue(ByteBuffer bytes) throws MalformedFrameException {
        if (bytes.remaining() < 2) {
            throw new MalformedFrameException("A transactional id without a version");
        }
        TransactionValue value =
                ResponseReader.readInto(
                        new TransactionValue(),
                        bytes.getShort(bytes.position()),
                        bytes.slice(bytes.position() + 2, bytes.remaining() - 2));
        TransactionStatus status = TransactionStatus.of(value.transactionStatus());
        if (status == null) {
            throw new MalformedFrameException(
                    "A transactional id of unknown state " + value.transactionStatus());
        }
        SortedSet<TransactionPartition> partitions = new TreeSet<>();
        List<PartitionsOfTopic> topics = value.transactionPartitions();
        if (topics != null) {
            for (PartitionsOfTopic topic : topics) {
                Uuid topicId = TaggedFields.uuid(topic, TOPIC_ID_TAG);
                for (int partition : topic.partitionIds()) {
                    partitions.add(new TransactionPartition(topic.topic(), topicId, partition));
                }
            }
        }
        return new TransactionState(
                value.producerId(),
                value.previousProducerId(),
                value.nextProducerId(),
                value.producerEpoch(),
                TransactionState.NO_EPOCH,
                value.transactionTimeoutMs(),
                status,
                partitions,
                value.transactionStartTimestampMs(),
                value.transactionLastUpdateTimestampMs(),
                value.clientTransactionVersion());
    }

    private static ByteBuffer key(String transactionalId) {
        TransactionKey key = new TransactionKey().setTransactionalId(transactionalId);
        return prefixed(TYPE, key, KEY_VERSION);
    }

    private static ByteBuffer prefixed(short prefix, Message message, short version) {
        ByteBuffer bytes = MessageWriter.bytes(message, version);
        return ByteBuffer.allocate(2 + bytes.remaining()).putShort(prefix).put(bytes).flip();
    }
}
