package io.headrace.coordinator.transaction;

import static io.headrace.coordinator.transaction.TransactionHarness.ID;
import static io.headrace.coordinator.transaction.TransactionHarness.ORDERS;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.transaction.TransactionHarness.Session;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

/** Transactions and topics that were deleted and made anew (KIP-516: the id is the topic). */
class RenewedTopicSpecTest {
    private final TransactionHarness shard = new TransactionHarness();

    /** The node has heard that the topic was made anew; this owner not yet. */
    @Test
    void aPartitionIsNotTakenForOneOfAnEarlierTopicOfItsName() {
        Uuid renewed = new Uuid(5, 6);
        Session session = shard.begin();
        assertThat(shard.addTo(renewed, session, 0)).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(shard.state(ID).partitions()).isEmpty();
        shard.replaceTopic("orders", ORDERS, renewed, 8);
        assertThat(shard.addTo(renewed, session, 0)).isEqualTo(Errors.NONE);
        assertThat(shard.state(ID).partitions())
                .containsExactly(new TransactionPartition("orders", renewed, 0));
        assertThat(shard.addTo(ORDERS, session, 1)).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
    }

    @Test
    void aPartitionOfAnEarlierTopicIsNotInTheTransaction() {
        Uuid renewed = new Uuid(5, 6);
        Session session = shard.begin();
        assertThat(shard.addAsBefore(session, 0)).isEqualTo(Errors.NONE);
        assertThat(shard.verifyOf(ORDERS, session, 0)).isEqualTo(Errors.NONE);
        assertThat(shard.verifyOf(renewed, session, 0))
                .isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        shard.replaceTopic("orders", ORDERS, renewed, 8);
        assertThat(shard.verifyOf(renewed, session, 0)).isEqualTo(Errors.TRANSACTION_ABORTABLE);
    }
}
