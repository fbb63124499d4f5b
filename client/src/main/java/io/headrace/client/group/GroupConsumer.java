package io.headrace.client.group;

import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.consume.ConsumedRecord;
import io.headrace.client.consume.Position;

import org.apache.kafka.common.TopicPartition;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import java.util.Map;
import java.util.Set;

/**
 * One member of a consumer group. It shares the group with any Kafka client.
 *
 * <pre>{@code
 * GroupConsumer member = client.groupConsumer(
 *         GroupOptions.builder("billing", Subscription.topics("orders")).autoCommit(false).build());
 * member.records()
 *         .concatMap(record -> charge(record).then(member.commit(record)))
 *         .subscribe();
 * ...
 * member.close().block();
 * }</pre>
 *
 * <p>With auto commit, a record counts as processed when it was delivered ({@code onNext} has
 * returned): with asynchronous steps behind, commit by hand.
 */
public interface GroupConsumer {
    /**
     * Joins the group when subscribed to, and hands out the records of the assigned partitions.
     * Cancelling leaves the group. It may be subscribed to once. Fails when the group cannot be
     * reached within the connection's operation timeout; once a member, it waits for a group that
     * is away.
     */
    Flux<ConsumedRecord> records();

    /** Commits that this record and all before it in its partition are processed. */
    Mono<Void> commit(ConsumedRecord record);

    /** Commits these positions. */
    Mono<Void> commit(Map<TopicPartition, CommittedOffset> offsets);

    /** Commits the positions of all records delivered so far. */
    Mono<Void> commit();

    /** The committed positions of these partitions; none for those without. */
    Mono<Map<TopicPartition, CommittedOffset>> committed(Set<TopicPartition> partitions);

    /** The partitions that are assigned now. */
    Set<TopicPartition> assignment();

    /** Continues an assigned partition at that position. */
    Mono<Void> seek(TopicPartition partition, Position position);

    /** The member id; empty while it is in no group. */
    String memberId();

    /** Commits if automatic, leaves the group, completes the records. */
    Mono<Void> close();
}
