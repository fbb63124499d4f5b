package io.headrace.storage.partition;

import static io.headrace.storage.partition.OnePartition.NOW_MS;
import static io.headrace.storage.partition.OnePartition.open;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchBuilder;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.storage.log.AppendOrigin;
import io.headrace.storage.log.PartitionLog;
import io.headrace.storage.partition.OnePartition.ManualLoop;
import io.headrace.storage.replication.IsrVerdict;
import io.headrace.storage.replication.ReplicationEvent.FollowerFetched;
import io.headrace.storage.replication.ReplicationEvent.IsrDecided;
import io.headrace.testkit.disk.SimulatedDisk;

import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.List;

/** Goal: what was on its way to a partition that is closed meanwhile changes nothing. */
class ClosedPartitionTest {
    private static final IsrMember SELF = new IsrMember(2, 20);
    private static final int EPOCH = 3;
    private static final int PARTITION_EPOCH = 4;

    /** Found by seed 910107 of the cluster's simulation: the refusal would commit a record. */
    @Test
    void aDecisionComesLate() throws IOException {
        PartitionLog log = open(SimulatedDisk.withSeed(1), "boot-1");
        Partition partition = OnePartition.of(log, new ManualLoop());
        partition.onMetadata(
                new PartitionImage(
                        0,
                        List.of(1, 2),
                        List.of(),
                        List.of(SELF),
                        2,
                        20,
                        EPOCH,
                        PARTITION_EPOCH,
                        1,
                        List.of(),
                        List.of(),
                        List.of(),
                        List.of()),
                20);
        partition.onFollowerFetch(new FollowerFetched(1, 10, EPOCH, 0, 0, -1, true, NOW_MS));
        partition.append(
                BatchBuilder.growing().append(NOW_MS, null, new byte[] {1}, List.of()).build(),
                AppendOrigin.CLIENT);
        assertThat(log.highWatermark()).isZero();

        partition.close(Errors.NOT_LEADER_OR_FOLLOWER);
        partition.onIsrDecided(new IsrDecided(EPOCH, PARTITION_EPOCH, IsrVerdict.REFUSED, -1));
        assertThat(log.highWatermark()).isZero();
    }
}
