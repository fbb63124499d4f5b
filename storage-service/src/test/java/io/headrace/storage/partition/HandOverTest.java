package io.headrace.storage.partition;

import static io.headrace.storage.partition.OnePartition.NOW_MS;
import static io.headrace.storage.partition.OnePartition.led;
import static io.headrace.storage.partition.OnePartition.open;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.storage.log.AppendOrigin;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.OnePartition.ManualLoop;
import io.headrace.storage.replication.ReplicationEvent.FollowerFetched;
import io.headrace.testkit.disk.SimulatedDisk;

import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Goal: what is to append waits while it is not known who leads next, in order and not for long.
 */
class HandOverTest {
    private static final IsrMember OTHER = new IsrMember(1, 10);
    private static final IsrMember SELF = new IsrMember(2, 20);
    private static final int EPOCH = 3;

    private final ManualLoop loop = new ManualLoop();
    private final List<String> answers = new ArrayList<>();
    private PartitionLog log;
    private Partition partition;

    @BeforeEach
    void leads() throws IOException {
        log = open(SimulatedDisk.withSeed(1), "boot-1");
        partition = OnePartition.of(log, loop);
        partition.onMetadata(led(2, 20, EPOCH, List.of(SELF, OTHER)), 20);
        append("before");
        assertThat(log.logEndOffset()).isEqualTo(1);
    }

    private void append(String name) {
        partition.runAppend(
                () -> {
                    Errors error = partition.checkLeader(-1);
                    if (error == Errors.NONE) {
                        partition.append(
                                BatchBuilder.growing()
                                        .append(NOW_MS, null, new byte[] {1}, List.of())
                                        .build(),
                                AppendOrigin.CLIENT);
                    }
                    answers.add(name + " " + error);
                });
    }

    private void otherHas(long offset) {
        partition.onFollowerFetch(
                new FollowerFetched(1, 10, EPOCH, offset, offset, -1, true, NOW_MS));
    }

    @Test
    void whatComesMeanwhileIsSentToTheNextLeader() {
        CompletableFuture<Void> copied = partition.handOver().begin(NOW_MS);
        append("first");
        append("second");
        assertThat(log.logEndOffset()).isEqualTo(1);
        assertThat(copied).isNotDone();
        otherHas(1);
        assertThat(copied).isDone();
        CompletableFuture<Void> over = partition.handOver().over();
        assertThat(over).isNotDone();

        partition.onMetadata(led(1, 10, EPOCH + 1, List.of(OTHER)), 20);
        assertThat(over).isDone();
        assertThat(answers)
                .containsExactly(
                        "before NONE",
                        "first NOT_LEADER_OR_FOLLOWER",
                        "second NOT_LEADER_OR_FOLLOWER");
        assertThat(log.logEndOffset()).isEqualTo(1);
    }

    @Test
    void whereNobodyElseLeadsInTimeItGoesOn() {
        CompletableFuture<Void> copied = partition.handOver().begin(NOW_MS - HandOver.LIMIT_MS);
        append("first");
        append("second");
        loop.passTime();
        assertThat(copied).isDone();
        assertThat(partition.handOver().over()).isDone();
        append("third");
        assertThat(answers)
                .containsExactly("before NONE", "first NONE", "second NONE", "third NONE");
        assertThat(log.logEndOffset()).isEqualTo(4);
    }

    @Test
    void whoIsAloneGoesOn() {
        partition.onMetadata(led(2, 20, EPOCH, List.of(SELF)), 20);
        assertThat(partition.handOver().begin(NOW_MS)).isDone();
        append("first");
        assertThat(log.logEndOffset()).isEqualTo(2);
    }

    @Test
    void whoWaitsIsAnsweredWhenThePartitionCloses() {
        var _ = partition.handOver().begin(NOW_MS);
        append("first");
        partition.close(Errors.NOT_LEADER_OR_FOLLOWER);
        assertThat(answers).containsExactly("before NONE", "first NOT_LEADER_OR_FOLLOWER");
    }
}
