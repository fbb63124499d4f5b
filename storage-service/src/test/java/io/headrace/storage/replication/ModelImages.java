package io.headrace.storage.replication;

import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;

import java.util.List;

/** Metadata of the one partition of a {@link ReplicationModel}. */
final class ModelImages {
    static final int MIN_IN_SYNC = 2;

    private ModelImages() {}

    static PartitionImage partition(
            List<IsrMember> isr,
            List<Integer> eligible,
            int leaderId,
            long leaderNodeEpoch,
            int leaderEpoch,
            int partitionEpoch) {
        return new PartitionImage(
                0,
                List.of(1, 2, 3),
                List.of(),
                List.copyOf(isr),
                leaderId,
                leaderNodeEpoch,
                leaderEpoch,
                partitionEpoch,
                MIN_IN_SYNC,
                List.copyOf(eligible),
                List.of(),
                List.of(),
                List.of());
    }
}
