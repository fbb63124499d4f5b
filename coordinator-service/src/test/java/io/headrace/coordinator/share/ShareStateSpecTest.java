package io.headrace.coordinator.share;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** The share state APIs, claim by claim (KIP-932, section on the share coordinator). */
class ShareStateSpecTest {
    private static final byte AVAILABLE = 0;
    private static final byte ACKNOWLEDGED = 2;

    private final ShareHarness harness =
            new ShareHarness(new ShareStateProperties(4, 10, 1_000, 600_000));

    private static StateBatch range(long first, long last, int state, int count) {
        return new StateBatch(first, last, (byte) state, (short) count);
    }

    @Test
    void aStateThatNobodyInitializedIsNotReadOrWritten() {
        assertThat(harness.read(0, 1).errorCode()).isEqualTo(Errors.INVALID_REQUEST.code());
        assertThat(harness.write(0, 1, 1, 0)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(harness.summary(0).startOffset()).isEqualTo(-1);
        assertThat(harness.log()).isEmpty();
    }

    @Test
    void whatIsWrittenIsReadByTheNextOwner() {
        assertThat(harness.initialize(0, 3, -1)).isEqualTo(Errors.NONE);
        assertThat(harness.read(0, 1).startOffset()).isEqualTo(-1);
        assertThat(harness.write(0, 3, 1, 10, range(10, 19, AVAILABLE, 1))).isEqualTo(Errors.NONE);
        assertThat(harness.write(0, 3, 1, -1, range(12, 13, ACKNOWLEDGED, 1)))
                .isEqualTo(Errors.NONE);
        harness.restart();
        var read = harness.read(0, 1);
        assertThat(read.errorCode()).isZero();
        assertThat(read.stateEpoch()).isEqualTo(3);
        assertThat(read.startOffset()).isEqualTo(10);
        assertThat(ShareHarness.ranges(read))
                .containsExactly(
                        range(10, 11, AVAILABLE, 1),
                        range(12, 13, ACKNOWLEDGED, 1),
                        range(14, 19, AVAILABLE, 1));
    }

    @Test
    void offsetsBeforeTheStartAreForgotten() {
        harness.initialize(0, 1, 0);
        harness.write(0, 1, 1, 0, range(0, 9, AVAILABLE, 1));
        harness.write(0, 1, 1, 5);
        assertThat(ShareHarness.ranges(harness.read(0, 1)))
                .containsExactly(range(5, 9, AVAILABLE, 1));
        harness.write(0, 1, 1, 20);
        assertThat(ShareHarness.ranges(harness.read(0, 1))).isEmpty();
        assertThat(harness.summary(0).startOffset()).isEqualTo(20);
    }

    @Test
    void anOlderLeaderIsFencedOnceANewerOneHasRead() {
        harness.initialize(0, 1, 0);
        assertThat(harness.write(0, 1, 4, 0, range(0, 1, AVAILABLE, 1))).isEqualTo(Errors.NONE);
        assertThat(harness.read(0, 5).errorCode()).isZero();
        harness.restart(); // the next owner knows of that read
        assertThat(harness.write(0, 1, 4, 2)).isEqualTo(Errors.FENCED_LEADER_EPOCH);
        assertThat(harness.read(0, 4).errorCode()).isEqualTo(Errors.FENCED_LEADER_EPOCH.code());
        assertThat(harness.write(0, 1, 5, 2)).isEqualTo(Errors.NONE);
    }

    @Test
    void anOlderStateEpochIsFenced() {
        harness.initialize(0, 1, 0);
        harness.write(0, 1, 1, 3);
        assertThat(harness.initialize(0, 2, 100)).isEqualTo(Errors.NONE);
        harness.restart();
        assertThat(harness.write(0, 1, 1, 4)).isEqualTo(Errors.FENCED_STATE_EPOCH);
        assertThat(harness.initialize(0, 1, 0)).isEqualTo(Errors.FENCED_STATE_EPOCH);
        assertThat(harness.read(0, 1).startOffset()).isEqualTo(100);
    }

    @Test
    void initializingTwiceInAnEpochKeepsWhatWasWrittenSince() {
        harness.initialize(0, 1, 0);
        harness.write(0, 1, 1, 7);
        assertThat(harness.initialize(0, 1, 0)).isEqualTo(Errors.NONE);
        assertThat(harness.read(0, 1).startOffset()).isEqualTo(7);
    }

    @Test
    void deletedStatesAreGoneForTheNextOwnerToo() {
        harness.initialize(0, 1, 0);
        for (int i = 0; i < 20; i++) {
            harness.write(0, 1, 1, -1, range(i * 2L, i * 2L, AVAILABLE, 1));
        }
        assertThat(harness.delete(0)).isEqualTo(Errors.NONE);
        assertThat(harness.delete(0)).isEqualTo(Errors.NONE);
        assertThat(harness.summary(0).startOffset()).isEqualTo(-1);
        harness.compact(false);
        harness.restart();
        assertThat(harness.shard().count()).isZero();
        harness.compact(true);
        assertThat(harness.log()).isEmpty();
    }

    @Test
    void unknownTopicsAndBadRequestsAreRefused() {
        harness.initialize(0, 1, 0);
        assertThat(harness.initialize(9, 1, 0)).isEqualTo(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        assertThat(harness.initialize(-1, 1, 0)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(harness.initialize(1, -1, 0)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(harness.write(0, 1, 1, -2)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(harness.write(0, 1, 1, 0, range(5, 4, AVAILABLE, 1)))
                .isEqualTo(Errors.INVALID_REQUEST);
        assertThat(harness.write(0, 1, 1, 0, range(4, 5, 9, 1))).isEqualTo(Errors.INVALID_REQUEST);
        StateBatch[] many = new StateBatch[501];
        for (int i = 0; i < many.length; i++) {
            many[i] = range(2L * i, 2L * i, AVAILABLE, 1);
        }
        assertThat(harness.write(0, 1, 1, 0, many)).isEqualTo(Errors.INVALID_REQUEST);
        assertThat(harness.log()).hasSize(1);
    }

    @Test
    void aDeletedTopicTakesItsStatesAlong() {
        harness.initialize(0, 1, 0);
        harness.deleteTopic();
        assertThat(harness.shard().count()).isZero();
    }

    @Test
    void aTopicDeletedWhileNobodyOwnedTheShardIsSweptLater() {
        harness.initialize(0, 1, 0);
        harness.forgetTopicUnseen();
        harness.restart();
        assertThat(harness.shard().count()).isOne();
        harness.pass(600_000);
        assertThat(harness.shard().count()).isZero();
    }

    /**
     * Goal: replay gives the same states whatever of the log compaction has left, and each offset
     * is in the state that is furthest on of those written.
     *
     * <p>Method: chance writes, deletes and initializes; a model keeps one entry for each offset.
     */
    @Seeded(runs = 30)
    void everyOffsetIsInTheFurthestStateWritten(RandomGenerator random) {
        Map<Long, Integer> model = new HashMap<>();
        long start = 0;
        int stateEpoch = 1;
        harness.initialize(0, stateEpoch, 0);
        for (int step = 0; step < 300; step++) {
            int choice = random.nextInt(40);
            if (choice == 0) {
                harness.delete(0);
                model.clear();
                start = 0;
                harness.initialize(0, stateEpoch, 0);
            } else if (choice == 1) {
                stateEpoch++;
                start = random.nextInt(50);
                model.clear();
                harness.initialize(0, stateEpoch, start);
            } else if (choice < 6) {
                if (random.nextBoolean()) {
                    harness.compact(random.nextInt(5) == 0);
                }
                harness.restart();
            } else {
                List<StateBatch> ranges = new ArrayList<>();
                for (int i = random.nextInt(4); i > 0; i--) {
                    long first = start + random.nextInt(40);
                    int count = 1 + random.nextInt(3);
                    StateBatch range =
                            range(first, first + random.nextInt(10), random.nextInt(3) * 2, count);
                    ranges.add(range);
                    for (long o = range.firstOffset(); o <= range.lastOffset(); o++) {
                        model.merge(o, count * 100 + range.deliveryState(), Math::max);
                    }
                }
                boolean moves = random.nextInt(4) == 0;
                start += moves ? random.nextInt(6) : 0;
                assertThat(
                                harness.write(
                                        0,
                                        stateEpoch,
                                        1,
                                        moves ? start : -1,
                                        ranges.toArray(StateBatch[]::new)))
                        .isEqualTo(Errors.NONE);
                long before = start;
                model.keySet().removeIf(offset -> offset < before);
            }
            var read = harness.read(0, 1);
            Map<Long, Integer> found = new HashMap<>();
            for (StateBatch range : ShareHarness.ranges(read)) {
                for (long o = range.firstOffset(); o <= range.lastOffset(); o++) {
                    assertThat(found.put(o, range.deliveryCount() * 100 + range.deliveryState()))
                            .isNull();
                }
            }
            assertThat(found).isEqualTo(model);
            assertThat(read.startOffset()).isEqualTo(start);
        }
        harness.compact(false);
        assertThat(harness.log()).hasSizeLessThanOrEqualTo(1 + 4);
    }

    /** A connection that was lost may give up a write after later ones. */
    @Test
    void aWriteThatComesLateTakesNothingBack() {
        harness.initialize(0, 3, 0);
        StateBatch released = range(5, 9, AVAILABLE, 1);
        assertThat(harness.write(0, 3, 1, 2, released)).isEqualTo(Errors.NONE);
        assertThat(harness.write(0, 3, 1, 4, range(6, 7, ACKNOWLEDGED, 2))).isEqualTo(Errors.NONE);
        assertThat(harness.write(0, 3, 1, 2, released)).isEqualTo(Errors.NONE);
        harness.restart();
        var read = harness.read(0, 1);
        assertThat(read.startOffset()).isEqualTo(4);
        assertThat(ShareHarness.ranges(read))
                .containsExactly(
                        range(5, 5, AVAILABLE, 1),
                        range(6, 7, ACKNOWLEDGED, 2),
                        range(8, 9, AVAILABLE, 1));
    }
}
