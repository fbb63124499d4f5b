package io.headrace.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.group.space.GroupCounters;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.metadata.ClusterMetadata;
import io.headrace.coordinator.shard.OwnedShards;
import io.headrace.coordinator.shard.OwnedShards.Ownership;
import io.headrace.coordinator.shard.ShardCall;
import io.headrace.coordinator.shard.ShardProperties;
import io.headrace.coordinator.shard.SimulatedLog;
import io.headrace.coordinator.shard.SimulatedLoop;
import io.headrace.coordinator.shard.TaskRunner;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.ShardOwnerRecord;
import io.headrace.protocol.metadata.record.TopicRecord;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Two coordinators and one shard that goes from one to the other. */
class OwnedShardsTest {
    private static final String TOPIC = "__consumer_offsets";
    private static final Uuid TOPIC_ID = new Uuid(7, 7);
    private static final int FORMER = 1001;
    private static final int NEXT = 1002;
    private static final int HAND_OVER_MS = 2_000;

    private final SimulatedLoop loop = new SimulatedLoop();
    private final SimulatedLog log = new SimulatedLog(loop, new SplittableRandom(1));
    private final Coordinator former = new Coordinator(FORMER);
    private final Coordinator next = new Coordinator(NEXT);
    private final List<Errors> answers = new ArrayList<>();
    private int redirects;
    private MetadataImage image =
            MetadataImage.EMPTY.applyAll(
                    List.of(
                            coordinator(FORMER),
                            coordinator(NEXT),
                            new TopicRecord().setName(TOPIC).setTopicId(TOPIC_ID),
                            new PartitionRecord().setTopicId(TOPIC_ID).setReplicas(List.of(1))),
                    4);

    private static CoordinatorRecord coordinator(int id) {
        return new CoordinatorRecord()
                .setCoordinatorId(id)
                .setIncarnationId(new Uuid(1, id))
                .setHost("localhost")
                .setPort(id);
    }

    /** One that hears of metadata when the test says so. */
    private final class Coordinator implements ClusterMetadata, Loops {
        private final List<Consumer<MetadataImage>> listeners = new ArrayList<>();
        private MetadataImage seen = MetadataImage.EMPTY;
        private final OwnedShards shards;

        Coordinator(int id) {
            shards =
                    new OwnedShards(
                            new Ownership(ShardOwnerImage.GROUP, TOPIC, id, new Uuid(1, id)),
                            this,
                            this,
                            (topicId, partition) -> log,
                            loop::nowMs,
                            ShardProperties.defaults(),
                            GroupErrors::reply,
                            () ->
                                    new GroupShard(
                                            GroupProperties.defaults(),
                                            new SplittableRandom(2),
                                            GroupCounters.NONE),
                            TaskRunner.NONE);
        }

        void hear() {
            seen = image;
            listeners.forEach(listener -> listener.accept(image));
        }

        void ask() {
            shards.submit(
                    0,
                    new ShardCall(
                            new OffsetFetchRequestData()
                                    .setGroups(
                                            List.of(new OffsetFetchRequestGroup().setGroupId("g"))),
                            (short) 9,
                            "client",
                            "/127.0.0.1",
                            answer ->
                                    answers.add(
                                            Errors.forCode(
                                                    ((OffsetFetchResponseData) answer)
                                                            .groups()
                                                            .getFirst()
                                                            .errorCode())),
                            () -> redirects++));
        }

        @Override
        public MetadataImage image() {
            return seen;
        }

        @Override
        public Runnable subscribe(Consumer<MetadataImage> listener) {
            listeners.add(listener);
            return () -> listeners.remove(listener);
        }

        @Override
        public Loop at(int index) {
            return loop;
        }

        @Override
        public int size() {
            return 1;
        }
    }

    private void give(int owner, int epoch) {
        image =
                image.applyAll(
                        List.of(
                                new ShardOwnerRecord()
                                        .setKind(ShardOwnerImage.GROUP)
                                        .setShard(0)
                                        .setOwnerId(owner)
                                        .setShardEpoch(epoch)),
                        image.nextOffset() + 1);
    }

    private void giveToFormer() {
        give(FORMER, 0);
        former.hear();
        loop.runFor(100);
        former.ask();
        loop.runFor(100);
        assertThat(answers).containsExactly(Errors.NONE);
        answers.clear();
    }

    @Test
    void itIsServedUntilTheNextOwnerIsThere() {
        giveToFormer();
        give(NEXT, 1);
        former.hear();
        former.ask();
        next.ask();
        loop.runFor(500);
        assertThat(answers).containsExactly(Errors.NONE);
        assertThat(redirects).as("the next owner does not know yet").isEqualTo(1);
        assertThat(former.shards.serves(0)).isTrue();
        assertThat(former.shards.isEmpty()).as("somebody waits for its end").isFalse();

        next.hear();
        next.ask();
        loop.runFor(100);
        assertThat(answers).containsExactly(Errors.NONE, Errors.NONE);
        assertThat(former.shards.isEmpty()).isTrue();
        assertThat(former.shards.serves(0)).isFalse();
        former.ask();
        assertThat(redirects).isEqualTo(2);
    }

    @Test
    void butNotForeverWhenNobodyComes() {
        giveToFormer();
        give(NEXT, 1);
        former.hear();
        loop.runFor(HAND_OVER_MS - 100);
        assertThat(former.shards.isEmpty()).isFalse();
        loop.runFor(200);
        assertThat(former.shards.isEmpty()).isTrue();
        former.ask();
        assertThat(redirects).isEqualTo(1);
    }

    @Test
    void oneThatComesBackIsServedInItsNewEpoch() {
        giveToFormer();
        give(NEXT, 1);
        former.hear();
        give(FORMER, 2);
        former.hear();
        former.ask();
        loop.runFor(200);
        assertThat(answers).containsExactly(Errors.NONE);
        assertThat(log.epochs()).as("fences").containsExactly(0, 2);
        assertThat(former.shards.indexes()).containsExactly(0);
        loop.runFor(HAND_OVER_MS);
        former.ask();
        loop.runFor(100);
        assertThat(answers).containsExactly(Errors.NONE, Errors.NONE);
    }

    @Test
    void aTopicThatIsGoneIsGivenUpAtOnce() {
        giveToFormer();
        image = MetadataImage.EMPTY.applyAll(List.of(coordinator(FORMER)), image.nextOffset() + 1);
        former.hear();
        loop.runFor(0);
        assertThat(former.shards.isEmpty()).isTrue();
    }
}
