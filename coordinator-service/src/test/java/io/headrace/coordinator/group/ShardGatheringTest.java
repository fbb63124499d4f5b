package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.space.GroupCounters;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.shard.Shard;
import io.headrace.coordinator.shard.Shard.CloseCause;
import io.headrace.coordinator.shard.Shard.Phase;
import io.headrace.coordinator.shard.ShardCall;
import io.headrace.coordinator.shard.ShardProperties;
import io.headrace.coordinator.shard.SimulatedLog;
import io.headrace.coordinator.shard.SimulatedLoop;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Commits that wait at the same time share an append, and none is answered before its own. */
class ShardGatheringTest {
    private static final Uuid TOPIC_ID = new Uuid(7, 7);
    private static final int LONGEST_ROUND_TRIP_MS = 12;

    private final SimulatedLoop loop = new SimulatedLoop();
    private final SimulatedLog log = new SimulatedLog(loop, new SplittableRandom(1));
    private final List<Integer> answered = new ArrayList<>();
    private final Shard shard =
            new Shard(
                    "shard",
                    0,
                    1001,
                    log,
                    loop,
                    loop::nowMs,
                    ShardProperties.defaults(),
                    TestCluster.withTopic(MetadataImage.EMPTY, "orders", TOPIC_ID, 1),
                    GroupErrors::reply,
                    new GroupShard(
                            GroupProperties.defaults(),
                            new SplittableRandom(2),
                            GroupCounters.NONE),
                    new Shard.Listener() {
                        @Override
                        public void onServing(Shard served, long loadMs) {}

                        @Override
                        public void onClosed(Shard closed, CloseCause cause) {
                            throw new AssertionError("Closed: " + cause);
                        }
                    });

    ShardGatheringTest() {
        shard.start();
        loop.runFor(1_000);
        assertThat(shard.phase()).isEqualTo(Phase.SERVING);
    }

    @Test
    void commitsThatComeTogetherShareAnAppend() {
        int before = log.appendCount();
        long endBefore = log.endOffset();
        IntStream.range(0, 20).forEach(this::commit);
        loop.runFor(0);
        assertThat(answered).as("answered before the log has it").isEmpty();
        loop.runFor(LONGEST_ROUND_TRIP_MS);
        assertThat(log.appendCount() - before).isEqualTo(1);
        assertThat(log.endOffset() - endBefore).isEqualTo(20);
        assertThat(answered).containsExactlyElementsOf(IntStream.range(0, 20).boxed().toList());
    }

    @Test
    void whatComesWhileAnAppendIsUnderWayGoesInTheNextOne() {
        int before = log.appendCount();
        commit(0);
        loop.runFor(0);
        IntStream.range(1, 10).forEach(this::commit);
        loop.runFor(2 * LONGEST_ROUND_TRIP_MS);
        assertThat(log.appendCount() - before).isEqualTo(2);
        assertThat(answered).containsExactlyElementsOf(IntStream.range(0, 10).boxed().toList());
    }

    @Test
    void moreThanMayWaitTogetherAreDecidedAsTheyCome() {
        IntStream.range(0, 10_000).forEach(this::commit);
        loop.runFor(5 * LONGEST_ROUND_TRIP_MS);
        assertThat(answered).hasSize(10_000);
    }

    private void commit(int number) {
        OffsetCommitRequestTopic topic = new OffsetCommitRequestTopic().setName("orders");
        topic.partitions()
                .add(
                        new OffsetCommitRequestPartition()
                                .setPartitionIndex(0)
                                .setCommittedOffset(number)
                                .setCommittedMetadata(""));
        OffsetCommitRequestData body =
                new OffsetCommitRequestData().setGroupId("g").setTopics(List.of(topic));
        shard.submit(
                new ShardCall(
                        body,
                        (short) 9,
                        "client",
                        "/127.0.0.1",
                        answer -> {
                            assertThat(errorOf(answer)).isEqualTo(Errors.NONE);
                            answered.add(number);
                        }));
    }

    private static Errors errorOf(ApiMessage answer) {
        return Errors.forCode(
                ((OffsetCommitResponseData) answer)
                        .topics()
                        .getFirst()
                        .partitions()
                        .getFirst()
                        .errorCode());
    }
}
