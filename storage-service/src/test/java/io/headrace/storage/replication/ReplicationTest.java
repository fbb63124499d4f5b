package io.headrace.storage.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.storage.replication.ReplicationEffect.BeginEpoch;
import io.headrace.storage.replication.ReplicationEffect.Follow;
import io.headrace.storage.replication.ReplicationEffect.Lead;
import io.headrace.storage.replication.ReplicationEffect.MoveHighWatermark;
import io.headrace.storage.replication.ReplicationEffect.ProposeIsr;
import io.headrace.storage.replication.ReplicationEffect.StopLeading;
import io.headrace.storage.replication.ReplicationEvent.EpochStarted;
import io.headrace.storage.replication.ReplicationEvent.FollowerFetched;
import io.headrace.storage.replication.ReplicationEvent.IsrDecided;
import io.headrace.storage.replication.ReplicationEvent.LogAdvanced;
import io.headrace.storage.replication.ReplicationEvent.LogFailed;
import io.headrace.storage.replication.ReplicationEvent.MetadataApplied;
import io.headrace.storage.replication.ReplicationEvent.Tick;

import org.junit.jupiter.api.Test;

import java.util.List;

class ReplicationTest {
    private static final int OWN = 1;
    private final Replication replication = new Replication(OWN, 30_000);

    private static PartitionImage image(
            int leader, long leaderNodeEpoch, int leaderEpoch, int minInSync, IsrMember... isr) {
        return new PartitionImage(
                0,
                List.of(1, 2, 3),
                List.of(),
                List.of(isr),
                leader,
                leaderNodeEpoch,
                leaderEpoch,
                leaderEpoch,
                minInSync,
                List.of(),
                List.of(),
                List.of(),
                List.of());
    }

    private static FollowerFetched fetched(
            int node, long nodeEpoch, int leaderEpoch, long fetchOffset, long flushed) {
        return new FollowerFetched(
                node, nodeEpoch, leaderEpoch, fetchOffset, flushed, -1, false, 0);
    }

    private void lead(int minInSync, IsrMember... isr) {
        assertThat(replication.step(new MetadataApplied(image(OWN, 10, 5, minInSync, isr), 10)))
                .containsExactly(new BeginEpoch(5));
        assertThat(replication.step(new EpochStarted(5, 0, 0, 0, 0))).containsExactly(new Lead(5));
    }

    @Test
    void leadsOnlyWhereItsOwnNodeEpochIsNamed() {
        PartitionImage named = image(OWN, 10, 5, 1, new IsrMember(OWN, 10));
        assertThat(replication.step(new MetadataApplied(named, -1)))
                .containsExactly(new Follow(-1, 5));
        assertThat(replication.step(new MetadataApplied(named, 11)))
                .containsExactly(new Follow(-1, 5));
        assertThat(replication.state()).isInstanceOf(ReplicationState.Following.class);
        assertThat(replication.step(new MetadataApplied(named, 10)))
                .containsExactly(new BeginEpoch(5));
    }

    /** The high watermark waits for it from the proposal on, so nobody may hold it back. */
    @Test
    void whoIsProposedMayBeInSync() {
        lead(1, new IsrMember(OWN, 10));
        assertThat(replication.mayBeInSync(2)).isFalse();
        assertThat(replication.step(new FollowerFetched(2, 20, 5, 0, 0, -1, true, 0)))
                .containsExactly(
                        new ProposeIsr(
                                5, 5, List.of(new IsrMember(OWN, 10), new IsrMember(2, 20))));
        assertThat(replication.mayBeInSync(2)).isTrue();
        assertThat(replication.mayBeInSync(3)).isFalse();
        replication.step(new IsrDecided(5, 5, IsrVerdict.UNCERTAIN, -1));
        assertThat(replication.mayBeInSync(2)).isTrue();
    }

    @Test
    void aloneInTheIsrWhatIsFlushedIsCommitted() {
        lead(1, new IsrMember(OWN, 10));
        assertThat(replication.step(new LogAdvanced(0, 8))).isEmpty();
        assertThat(replication.step(new LogAdvanced(8, 9)))
                .containsExactly(new MoveHighWatermark(8));
        assertThat(replication.step(new LogAdvanced(8, 12))).isEmpty();
    }

    @Test
    void theSlowestFlushedMemberOfTheIsrBoundsTheHighWatermark() {
        lead(2, new IsrMember(OWN, 10), new IsrMember(2, 20));
        assertThat(replication.step(new LogAdvanced(8, 8))).isEmpty();
        assertThat(replication.step(fetched(2, 20, 5, 8, 5)))
                .containsExactly(new MoveHighWatermark(5));
        assertThat(replication.step(fetched(2, 20, 5, 8, 8)))
                .containsExactly(new MoveHighWatermark(8));
    }

    @Test
    void aFollowerOfAnotherIncarnationOrEpochCountsForNothing() {
        lead(2, new IsrMember(OWN, 10), new IsrMember(2, 20));
        replication.step(new LogAdvanced(8, 8));
        assertThat(replication.step(fetched(2, 19, 5, 8, 8))).isEmpty();
        assertThat(replication.step(fetched(2, 20, 4, 8, 8))).isEmpty();
        assertThat(replication.step(fetched(3, 30, 5, 8, 8))).isEmpty();
    }

    @Test
    void tooSmallAnIsrHoldsTheHighWatermark() {
        lead(2, new IsrMember(OWN, 10));
        assertThat(replication.hasEnoughInSync()).isFalse();
        assertThat(replication.step(new LogAdvanced(8, 8))).isEmpty();
    }

    @Test
    void aDeposedLeaderStopsAndIgnoresTheOldEpochsStart() {
        lead(1, new IsrMember(OWN, 10));
        assertThat(
                        replication.step(
                                new MetadataApplied(image(2, 20, 6, 1, new IsrMember(2, 20)), 10)))
                .containsExactly(new StopLeading(5), new Follow(2, 6));
        assertThat(replication.step(new EpochStarted(5, 9, 9, 0, 0))).isEmpty();
        assertThat(replication.step(new LogAdvanced(9, 9))).isEmpty();
    }

    @Test
    void aFailedLogServesNoMore() {
        lead(1, new IsrMember(OWN, 10));
        assertThat(replication.step(new LogFailed("disk"))).containsExactly(new StopLeading(5));
        assertThat(replication.step(new LogAdvanced(9, 9))).isEmpty();
    }

    @Test
    void aCheckPassesOnceAllInSyncHaveHeardOfIt() {
        lead(2, new IsrMember(OWN, 10), new IsrMember(2, 20), new IsrMember(3, 30));
        int check = replication.startCheck();
        assertThat(replication.passedCheck()).isLessThan(check);
        replication.step(heard(2, 20, 5, check));
        assertThat(replication.passedCheck()).isLessThan(check);
        replication.step(heard(3, 30, 4, check)); // in an older epoch: proves nothing
        replication.step(heard(3, 29, 5, check)); // another incarnation
        assertThat(replication.passedCheck()).isLessThan(check);
        replication.step(heard(3, 30, 5, check));
        assertThat(replication.passedCheck()).isEqualTo(check);
    }

    private static FollowerFetched heard(int node, long nodeEpoch, int leaderEpoch, int check) {
        return new FollowerFetched(node, nodeEpoch, leaderEpoch, 0, 0, check, false, 0);
    }

    @Test
    void aProposedMemberBoundsTheHighWatermarkUntilItIsRefused() {
        lead(1, new IsrMember(OWN, 10));
        replication.step(new LogAdvanced(4, 4));
        assertThat(replication.step(new FollowerFetched(2, 20, 5, 4, 4, -1, true, 0)))
                .containsExactly(
                        new ProposeIsr(
                                5, 5, List.of(new IsrMember(OWN, 10), new IsrMember(2, 20))));
        assertThat(replication.step(new LogAdvanced(9, 9))).isEmpty();
        assertThat(replication.step(new IsrDecided(5, 5, IsrVerdict.UNCERTAIN, -1))).isEmpty();
        assertThat(replication.step(new Tick(1, MetadataImage.EMPTY)))
                .containsExactly(new ProposeIsr(5, 5, List.of(new IsrMember(OWN, 10))));
        assertThat(replication.step(new IsrDecided(5, 5, IsrVerdict.COMMITTED, 6)))
                .containsExactly(new MoveHighWatermark(9));
    }

    @Test
    void aFollowerEntersOnlyWithWhatItHasFlushed() {
        lead(1, new IsrMember(OWN, 10));
        replication.step(new LogAdvanced(4, 4));
        assertThat(replication.step(new FollowerFetched(2, 20, 5, 4, 3, -1, true, 0))).isEmpty();
        assertThat(replication.step(new FollowerFetched(2, 20, 5, 4, 4, -1, false, 0))).isEmpty();
        assertThat(replication.step(new FollowerFetched(2, 20, 5, 4, 4, -1, true, 0))).hasSize(1);
    }

    @Test
    void aFollowerThatFallsBehindLeavesButCountsUntilThatIsCommitted() {
        lead(1, new IsrMember(OWN, 10), new IsrMember(2, 20));
        MetadataImage cluster =
                MetadataImage.EMPTY.apply(0, new NodeRecord().setNodeId(2).setNodeEpoch(20));
        replication.step(new LogAdvanced(4, 4));
        assertThat(replication.step(new Tick(30_000, cluster))).isEmpty();
        assertThat(replication.step(new Tick(30_001, cluster)))
                .containsExactly(new ProposeIsr(5, 5, List.of(new IsrMember(OWN, 10))));
        assertThat(replication.step(new LogAdvanced(6, 6))).isEmpty();
        assertThat(replication.step(new IsrDecided(5, 5, IsrVerdict.COMMITTED, 6)))
                .containsExactly(new MoveHighWatermark(6));
    }
}
