package io.headrace.storage.handler.records;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.headrace.protocol.codec.TaggedFields;
import io.headrace.storage.handler.records.TransactionVerifier.Session;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction;
import org.junit.jupiter.api.Test;

import java.util.List;

class TransactionVerifierTest {
    private static final Uuid ORDERS = new Uuid(1, 2);
    private static final Uuid PAYMENTS = new Uuid(3, 4);

    @Test
    void aQuestionNamesEachTopicWithItsId() {
        var request =
                TransactionVerifier.request(
                        new Session("mover", 7, (short) 3, true),
                        List.of(
                                new TopicIdPartition(ORDERS, 0, "orders"),
                                new TopicIdPartition(PAYMENTS, 5, "payments"),
                                new TopicIdPartition(ORDERS, 2, "orders")));
        AddPartitionsToTxnTransaction asked = request.transactions().iterator().next();
        assertThat(asked.transactionalId()).isEqualTo("mover");
        assertThat(asked.verifyOnly()).isFalse();
        assertThat(List.copyOf(asked.topics()))
                .extracting(
                        topic -> topic.name(),
                        topic -> topic.partitions(),
                        topic -> TaggedFields.uuid(topic, TaggedFields.TOPIC_ID))
                .containsExactlyInAnyOrder(
                        tuple("orders", List.of(0, 2), ORDERS),
                        tuple("payments", List.of(5), PAYMENTS));
    }
}
