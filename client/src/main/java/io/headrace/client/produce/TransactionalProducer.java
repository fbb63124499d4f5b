package io.headrace.client.produce;

import org.apache.kafka.common.TopicPartition;

import reactor.core.publisher.Mono;

import java.util.Map;

/**
 * Sends records and commits consumed offsets in transactions: a reader of committed records sees
 * all of a transaction or nothing of it (KIP-98, KIP-890).
 *
 * <pre>{@code
 * TransactionalProducer producer = client.transactionalProducer(TransactionOptions.of("mover-1"));
 * producer.init().block();
 *
 * producer.begin()
 *         .then(producer.send(ProducerRecord.ofText("debits", "alice", "-10")))
 *         .then(producer.send(ProducerRecord.ofText("credits", "bob", "+10")))
 *         .then(producer.sendOffsets(GroupOffsets.of("movers", Map.of(partition, 42L))))
 *         .then(producer.commit())
 *         .onErrorResume(failure -> producer.abort().then(Mono.error(failure)))
 *         .block();
 * }</pre>
 *
 * <p>One transaction at a time: {@link #begin}, then any number of sends, then {@link #commit} or
 * {@link #abort}. After a failure within a transaction it can only be aborted. A producer that
 * another one with the same transactional id has replaced fails with {@code PRODUCER_FENCED} for
 * good. Safe for use by any threads; failures are {@link
 * io.headrace.client.error.HeadraceException}s. The cluster must have finalized {@code
 * transaction.version} 2.
 */
public interface TransactionalProducer {
    /**
     * Makes this the only producer of its transactional id: fences those before it and has their
     * open transaction aborted. Needed once, before the first transaction.
     */
    Mono<Void> init();

    /** Begins a transaction. */
    Mono<Void> begin();

    /**
     * Sends a record as part of the transaction, when subscribed to. It is answered when the record
     * is stored; readers of committed records see it after {@link #commit}.
     */
    Mono<RecordMetadata> send(ProducerRecord record);

    /** Commits offsets of a consumer group as part of the transaction. */
    Mono<Void> sendOffsets(GroupOffsets offsets);

    /** Sends what waits, then commits; fails, with the transaction still open, if a send failed. */
    Mono<Void> commit();

    /** Aborts the transaction: nothing of it is ever seen. */
    Mono<Void> abort();

    /** Aborts an open transaction and closes. */
    Mono<Void> close();

    /**
     * Offsets that a group has consumed up to.
     *
     * @param offsets the offset to be consumed next, by partition
     * @param memberId the consumer's id in the group, or empty: then the commit is not refused when
     *     the group has moved on without it
     * @param generation the group's generation as that consumer knows it, or -1
     */
    record GroupOffsets(
            String groupId, Map<TopicPartition, Long> offsets, String memberId, int generation) {
        public GroupOffsets {
            offsets = Map.copyOf(offsets);
        }

        /** Offsets without the member that consumed them. */
        public static GroupOffsets of(String groupId, Map<TopicPartition, Long> offsets) {
            return new GroupOffsets(groupId, offsets, "", -1);
        }
    }
}
