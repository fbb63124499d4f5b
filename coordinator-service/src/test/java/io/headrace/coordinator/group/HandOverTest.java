package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.space.GroupCounters;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.shard.Shard;
import io.headrace.coordinator.shard.Shard.CloseCause;
import io.headrace.coordinator.shard.Shard.Phase;
import io.headrace.coordinator.shard.ShardCall;
import io.headrace.coordinator.shard.ShardLog;
import io.headrace.coordinator.shard.ShardProperties;
import io.headrace.coordinator.shard.SimulatedLog;
import io.headrace.coordinator.shard.SimulatedLoop;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * From one owner of a shard to the next: the former serves until the next one's fence is in the
 * log, whoever comes too early waits, and only what may have been written is answered with an
 * error.
 */
class HandOverTest {
    private static final Uuid TOPIC_ID = new Uuid(7, 7);
    private static final int ROUND_TRIP_MS = 15;
    private static final int LOAD_WAIT_MS = 1_000;

    private final SimulatedLoop loop = new SimulatedLoop();
    private final SimulatedLog log = new SimulatedLog(loop, new SplittableRandom(1));
    private final List<CloseCause> closed = new ArrayList<>();
    private final List<Errors> answers = new ArrayList<>();
    private int redirects;

    private Shard start(int epoch, ShardLog of) {
        Shard shard =
                new Shard(
                        "shard",
                        epoch,
                        1001 + epoch,
                        of,
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
                            public void onClosed(Shard shard, CloseCause cause) {
                                closed.add(cause);
                            }
                        });
        shard.start();
        return shard;
    }

    private Shard serving(int epoch, ShardLog of) {
        Shard shard = start(epoch, of);
        loop.runFor(100);
        assertThat(shard.phase()).isEqualTo(Phase.SERVING);
        return shard;
    }

    private ShardCall commit(long offset) {
        OffsetCommitRequestTopic topic = new OffsetCommitRequestTopic().setName("orders");
        topic.partitions()
                .add(
                        new OffsetCommitRequestPartition()
                                .setPartitionIndex(0)
                                .setCommittedOffset(offset)
                                .setCommittedMetadata(""));
        return call(new OffsetCommitRequestData().setGroupId("g").setTopics(List.of(topic)));
    }

    private ShardCall fetch() {
        return call(
                new OffsetFetchRequestData()
                        .setGroups(List.of(new OffsetFetchRequestGroup().setGroupId("g"))));
    }

    private ShardCall call(ApiMessage body) {
        return new ShardCall(
                body,
                (short) 9,
                "client",
                "/127.0.0.1",
                answer -> answers.add(errorOf(answer)),
                () -> redirects++);
    }

    private static Errors errorOf(ApiMessage answer) {
        if (answer instanceof OffsetFetchResponseData fetched) {
            return Errors.forCode(fetched.groups().getFirst().errorCode());
        }
        return Errors.forCode(
                ((OffsetCommitResponseData) answer)
                        .topics()
                        .getFirst()
                        .partitions()
                        .getFirst()
                        .errorCode());
    }

    @Test
    void whoComesDuringTheTakeOverWaitsForIt() {
        Shard shard = start(0, log);
        shard.submit(commit(1));
        shard.submit(fetch());
        loop.runFor(0);
        assertThat(answers).isEmpty();
        loop.runFor(100);
        assertThat(answers).containsExactlyInAnyOrder(Errors.NONE, Errors.NONE);
        assertThat(redirects).isZero();
    }

    @Test
    void butNotForever() {
        log.setLeaderless(true);
        Shard shard = start(0, log);
        shard.submit(commit(1));
        loop.runFor(LOAD_WAIT_MS / 2);
        shard.submit(commit(2));
        loop.runFor(LOAD_WAIT_MS / 2 - 1);
        assertThat(answers).isEmpty();
        loop.runFor(1);
        assertThat(answers).containsExactly(Errors.COORDINATOR_LOAD_IN_PROGRESS);
        loop.runFor(LOAD_WAIT_MS / 2);
        assertThat(answers)
                .containsExactly(
                        Errors.COORDINATOR_LOAD_IN_PROGRESS, Errors.COORDINATOR_LOAD_IN_PROGRESS);
    }

    @Test
    void norMoreThanSoMany() {
        Shard shard = start(0, log);
        int most = ShardProperties.defaults().maxWaitingRequests();
        for (int i = 0; i <= most; i++) {
            shard.submit(commit(i));
        }
        assertThat(answers).containsExactly(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    }

    @Test
    void whoLeavesMeanwhileIsForgotten() {
        Shard shard = start(0, log);
        ShardCall call = commit(1);
        shard.submit(call);
        shard.abandon(call);
        loop.runFor(100);
        assertThat(answers).isEmpty();
        assertThat(log.endOffset()).as("nothing but the fence").isEqualTo(1);
    }

    @Test
    void theFormerOwnerServesUntilTheFenceIsThere() {
        Shard former = serving(0, log);
        former.awaitFence();
        loop.runFor(500);
        former.submit(commit(1));
        former.submit(fetch());
        loop.runFor(ROUND_TRIP_MS);
        assertThat(answers).containsExactlyInAnyOrder(Errors.NONE, Errors.NONE);
        assertThat(closed).isEmpty();
        serving(1, log);
        assertThat(closed).as("though nobody asked it anything").containsExactly(CloseCause.FENCED);
        assertThat(redirects).isZero();
    }

    @Test
    void whatWasNotWrittenAndWhatWasNotDecidedIsSentOn() {
        Shard former = serving(0, log);
        start(1, log);
        loop.runFor(ROUND_TRIP_MS);
        former.submit(commit(1));
        loop.runFor(0);
        former.submit(commit(2));
        former.submit(fetch());
        loop.runFor(100);
        assertThat(closed).containsExactly(CloseCause.FENCED);
        assertThat(answers).isEmpty();
        assertThat(redirects).isEqualTo(3);
        former.submit(commit(3));
        assertThat(redirects).as("closed").isEqualTo(4);
    }

    @Test
    void whatMayHaveBeenWrittenIsAnswered() {
        ForgetfulLog forgetful = new ForgetfulLog();
        Shard former = serving(0, forgetful);
        forgetful.losesAnswers = true;
        former.submit(commit(1));
        loop.runFor(ROUND_TRIP_MS);
        forgetful.losesAnswers = false;
        former.submit(commit(2));
        serving(1, log);
        loop.runFor(100);
        assertThat(closed).containsExactly(CloseCause.FENCED);
        assertThat(answers).as("the first was written").contains(Errors.NOT_COORDINATOR);
        assertThat(answers.size() + redirects).isEqualTo(2);
    }

    /** A log whose answers to appends get lost. */
    private final class ForgetfulLog implements ShardLog {
        private boolean losesAnswers;

        @Override
        public CompletableFuture<Appended> append(
                int shardEpoch, long expectedEndOffset, ByteBuffer batches) {
            CompletableFuture<Appended> answer = log.append(shardEpoch, expectedEndOffset, batches);
            return losesAnswers
                    ? answer.thenCompose(
                            lost -> CompletableFuture.failedFuture(new IOException("no answer")))
                    : answer;
        }

        @Override
        public CompletableFuture<Read> read(long offset, int maxBytes, int maxWaitMs) {
            return losesAnswers
                    ? CompletableFuture.failedFuture(new IOException("no answer"))
                    : log.read(offset, maxBytes, maxWaitMs);
        }

        @Override
        public CompletableFuture<Errors> check(int shardEpoch) {
            return log.check(shardEpoch);
        }
    }
}
