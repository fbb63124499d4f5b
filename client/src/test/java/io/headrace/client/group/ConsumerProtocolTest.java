package io.headrace.client.group;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.client.group.ConsumerProtocol.MemberSubscription;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Against Kafka's own encoding. */
class ConsumerProtocolTest {
    private static final TopicPartition A0 = new TopicPartition("a", 0);
    private static final TopicPartition A3 = new TopicPartition("a", 3);
    private static final TopicPartition B1 = new TopicPartition("b", 1);

    @Test
    void kafkaReadsOurSubscription() {
        byte[] bytes =
                ConsumerProtocol.encode(
                        new MemberSubscription(Set.of("a", "b"), Set.of(A0, A3, B1), 42));
        var read =
                org.apache.kafka.clients.consumer.internals.ConsumerProtocol
                        .deserializeSubscription(ByteBuffer.wrap(bytes));
        assertThat(read.topics()).containsExactly("a", "b");
        assertThat(read.ownedPartitions()).containsExactlyInAnyOrder(A0, A3, B1);
        assertThat(read.generationId()).contains(42);
    }

    @Test
    void readsKafkasSubscription() throws Exception {
        var subscription =
                new ConsumerPartitionAssignor.Subscription(
                        List.of("b", "a"), null, List.of(A3, B1), 7, Optional.of("rack"));
        for (short version = 0; version <= 3; version++) {
            ByteBuffer bytes =
                    org.apache.kafka.clients.consumer.internals.ConsumerProtocol
                            .serializeSubscription(subscription, version);
            MemberSubscription read = ConsumerProtocol.decodeSubscription(bytesOf(bytes));
            assertThat(read.topics()).containsExactlyInAnyOrder("a", "b");
            assertThat(read.owned()).isEqualTo(version >= 1 ? Set.of(A3, B1) : Set.of());
            assertThat(read.generation()).isEqualTo(version >= 2 ? 7 : -1);
        }
    }

    @Test
    void assignmentsGoBothWays() throws Exception {
        var read =
                org.apache.kafka.clients.consumer.internals.ConsumerProtocol.deserializeAssignment(
                        ByteBuffer.wrap(ConsumerProtocol.encodeAssignment(List.of(A0, B1, A3))));
        assertThat(read.partitions()).containsExactlyInAnyOrder(A0, A3, B1);
        ByteBuffer theirs =
                org.apache.kafka.clients.consumer.internals.ConsumerProtocol.serializeAssignment(
                        new ConsumerPartitionAssignor.Assignment(List.of(A0, B1, A3)));
        assertThat(ConsumerProtocol.decodeAssignment(bytesOf(theirs)))
                .containsExactlyInAnyOrder(A0, A3, B1);
        assertThat(ConsumerProtocol.decodeAssignment(new byte[0])).isEmpty();
    }

    @Test
    void refusesBytesThatAreNone() {
        assertThatThrownBy(() -> ConsumerProtocol.decodeAssignment(new byte[1]))
                .isInstanceOf(MalformedFrameException.class);
        assertThatThrownBy(() -> ConsumerProtocol.decodeSubscription(new byte[] {-1, -1, 0}))
                .isInstanceOf(MalformedFrameException.class);
    }

    @Seeded(runs = 3)
    void hostileBytesFailInOneWay(RandomGenerator random) {
        byte[] good =
                ConsumerProtocol.encode(new MemberSubscription(Set.of("a", "b"), Set.of(A0), 1));
        for (int i = 0; i < 2_000; i++) {
            byte[] bad = good.clone();
            bad[random.nextInt(bad.length)] = (byte) random.nextInt();
            try {
                assertThat(ConsumerProtocol.decodeSubscription(bad)).isNotNull();
            } catch (MalformedFrameException refused) {
                assertThat(refused).hasMessageContaining(" ");
            }
        }
    }

    private static byte[] bytesOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
