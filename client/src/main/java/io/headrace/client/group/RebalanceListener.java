package io.headrace.client.group;

import org.apache.kafka.common.TopicPartition;

import reactor.core.publisher.Mono;

import java.util.Set;

/**
 * Told when partitions come and go. The rebalance waits for what it answers, at most the group's
 * rebalance timeout; a failure fails the consumer.
 */
public interface RebalanceListener {
    /** These partitions are this member's from now on; their records follow. */
    default Mono<Void> onAssigned(Set<TopicPartition> partitions) {
        return Mono.empty();
    }

    /** These partitions are about to be given away: the last chance to commit for them. */
    default Mono<Void> onRevoked(Set<TopicPartition> partitions) {
        return Mono.empty();
    }

    /** These partitions already belong to others: the group gave this member up. */
    default Mono<Void> onLost(Set<TopicPartition> partitions) {
        return Mono.empty();
    }

    /** A listener that does nothing. */
    static RebalanceListener none() {
        return new RebalanceListener() {};
    }
}
