package io.headrace.storage.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.transport.loop.Roster;

import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.List;

/** A partition in which nothing can happen by time alone is left alone by the node's ticks. */
class RestingPartitionTest {
    private final Roster<Partition> visited = new Roster<>();

    @Test
    void leaderThatIsAloneInSyncRestsUntilSomethingHappens() throws Exception {
        Partition partition =
                OnePartition.of(
                        OnePartition.open(SimulatedDisk.withSeed(1), "boot-1"), loop(), visited);
        partition.onMetadata(OnePartition.led(2, 20, 0), 20);

        partition.tick(MetadataImage.EMPTY);
        assertThat(visited.listed()).isEmpty();
        assertThat(partition.stats().leader()).isTrue();

        partition.onMetadata(OnePartition.led(1, 10, 1), 20);
        assertThat(visited.listed()).containsExactly(partition);
        partition.tick(MetadataImage.EMPTY);
        assertThat(partition.stats().leader()).isFalse();
        assertThat(visited.listed()).isEmpty();
    }

    @Test
    void leaderWithFollowersInSyncIsTickedAlways() throws Exception {
        Partition partition =
                OnePartition.of(
                        OnePartition.open(SimulatedDisk.withSeed(1), "boot-1"), loop(), visited);
        partition.onMetadata(
                OnePartition.led(2, 20, 0, List.of(new IsrMember(1, 10), new IsrMember(2, 20))),
                20);

        partition.tick(MetadataImage.EMPTY);

        assertThat(visited.listed()).containsExactly(partition);
    }

    @Test
    void closedPartitionIsTickedNoMore() throws Exception {
        Partition partition =
                OnePartition.of(
                        OnePartition.open(SimulatedDisk.withSeed(1), "boot-1"), loop(), visited);
        partition.close(Errors.NOT_LEADER_OR_FOLLOWER);

        partition.tick(MetadataImage.EMPTY);

        assertThat(visited.listed()).isEmpty();
    }

    private static OnePartition.ManualLoop loop() {
        return new OnePartition.ManualLoop();
    }
}
