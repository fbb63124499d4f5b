package io.headrace.coordinator.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.FeatureRecord;
import io.headrace.protocol.metadata.record.PartitionRecord;
import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** The fence: only the newest take-over writes, and only where the log ends. */
@Timeout(60)
class SqlFenceTest {
    private static final Uuid FIRST = new Uuid(1, 1);
    private static final Uuid SECOND = new Uuid(1, 2);

    @TempDir Path directory;
    private Database database;
    private SqlStore store;

    @BeforeEach
    void open() {
        database = Database.embedded(directory);
        database.migrate();
        store = new SqlStore(database.dataSource());
        store.foundCluster("a cluster");
    }

    @AfterEach
    void close() {
        database.close();
    }

    private TakeOver takeOver(int id, Uuid takeOverId) {
        ControllerRow seen = Objects.requireNonNull(store.readController());
        return Objects.requireNonNull(store.takeOver(seen, id, takeOverId, 0));
    }

    private ControllerRow row() {
        return Objects.requireNonNull(store.readController());
    }

    private boolean append(TakeOver as, List<ApiMessage> records) {
        LogRow row = SqlStore.logRow(as, row().nextOffset(), records, 0);
        return store.append(row, records, id -> "orders");
    }

    private static FeatureRecord feature(String name) {
        return new FeatureRecord().setName(name).setLevel((short) 1);
    }

    @Test
    void offsetsHaveNoGap() {
        TakeOver controller = takeOver(1001, FIRST);
        for (int i = 0; i < 5; i++) {
            assertThat(append(controller, List.of(feature("a" + i), feature("b" + i)))).isTrue();
        }
        List<LogRow> log = store.readLog(0, 100);
        long next = 0;
        for (LogRow entry : log) {
            assertThat(entry.baseOffset()).isEqualTo(next);
            next = entry.nextOffset();
        }
        assertThat(next).isEqualTo(row().nextOffset()).isEqualTo(12);
    }

    @Test
    void aDeposedControllerChangesNothing() {
        TakeOver old = takeOver(1001, FIRST);
        takeOver(1002, SECOND);
        ControllerRow before = row();
        assertThat(append(old, List.of(feature("late")))).isFalse();
        assertThat(store.touch(old.controllerEpoch())).isFalse();
        assertThat(row()).isEqualTo(before);
        assertThat(store.loadImage(before).features()).isEmpty();
        assertThat(store.readLog(0, 100)).hasSize(2);
    }

    @Test
    void ofTwoWhoSawTheSameRowOneTakesOver() {
        ControllerRow seen = row();
        assertThat(store.takeOver(seen, 1001, FIRST, 0)).isNotNull();
        assertThat(store.takeOver(seen, 1002, SECOND, 0)).isNull();
        assertThat(row().ownerId()).isEqualTo(1001);
    }

    @Test
    void aCommitWhoseAnswerWasLostIsSeenInTheRowAndNotRepeated() {
        TakeOver controller = takeOver(1001, FIRST);
        List<ApiMessage> records = List.of(feature("once"));
        LogRow log = SqlStore.logRow(controller, row().nextOffset(), records, 0);
        assertThat(store.append(log, records, id -> "")).isTrue();
        assertThat(store.readControllerLocked(controller.controllerEpoch()).nextOffset())
                .isEqualTo(log.nextOffset());
        assertThat(store.append(log, records, id -> "")).isFalse();
        assertThat(row().nextOffset()).isEqualTo(log.nextOffset());
    }

    @Test
    void aFailedTransactionLeavesNothing() {
        TakeOver controller = takeOver(1001, FIRST);
        TopicRecord one = new TopicRecord().setName("orders").setTopicId(new Uuid(5, 5));
        TopicRecord same = new TopicRecord().setName("orders").setTopicId(new Uuid(6, 6));
        append(controller, List.of(one));
        ControllerRow before = row();
        org.assertj.core.api.Assertions.assertThatThrownBy(
                        () -> append(controller, List.of(feature("x"), same)))
                .isInstanceOf(org.springframework.dao.DataIntegrityViolationException.class);
        assertThat(row()).isEqualTo(before);
        assertThat(store.loadImage(before).features()).isEmpty();
    }

    @Test
    void tablesHoldWhatTheLogSays() {
        TakeOver controller = takeOver(1001, FIRST);
        Uuid topicId = new Uuid(5, 5);
        List<ApiMessage> records =
                List.of(
                        new TopicRecord().setName("orders").setTopicId(topicId),
                        new PartitionRecord()
                                .setTopicId(topicId)
                                .setPartitionId(0)
                                .setReplicas(List.of(1, 2))
                                .setIsr(
                                        List.of(
                                                new PartitionRecord.IsrMember()
                                                        .setNodeId(1)
                                                        .setNodeEpoch(7)))
                                .setLeader(1)
                                .setLeaderNodeEpoch(7)
                                .setLeaderEpoch(3)
                                .setPartitionEpoch(4)
                                .setMinInSyncReplicas(2)
                                .setEligibleLeaderReplicas(List.of(2)));
        append(controller, records);
        MetadataImage loaded = store.loadImage(row());
        MetadataImage expected = loadedBase(controller).applyAll(records, row().nextOffset());
        assertThat(loaded).isEqualTo(expected);
    }

    private static MetadataImage loadedBase(TakeOver takeOver) {
        return MetadataImage.EMPTY.applyAll(
                List.of(
                        new io.headrace.protocol.metadata.record.ClusterRecord()
                                .setClusterId("a cluster"),
                        new io.headrace.protocol.metadata.record.TakeOverRecord()
                                .setControllerId(takeOver.controllerId())
                                .setControllerEpoch(takeOver.controllerEpoch())
                                .setTakeOverId(takeOver.takeOverId())),
                0);
    }

    @Test
    void aSecondProcessInTheSameDirectoryIsToldSo() {
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> Database.embedded(directory))
                .hasMessageContaining("is in use by another process");
    }
}
