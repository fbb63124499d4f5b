package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.batch.read.AbortedTransaction;

import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

final class LogStoreTest {
    private static final Map<String, String> PAGE_CACHE = Map.of("flush.policy", "page-cache");

    @TempDir Path directory;

    /** Logs in the directory, one of them with three records. */
    private LogFixture withRecords(Map<String, String> configs) throws IOException {
        LogFixture fixture = new LogFixture(directory, configs);
        fixture.append(fixture.log(), 3, 10);
        return fixture;
    }

    /** A page-cache log with three records, whose machine starts anew next. */
    private LogFixture cachedBeforeAnotherBoot() throws IOException {
        LogFixture fixture = withRecords(PAGE_CACHE);
        fixture.store().tick(fixture.nowMs);
        fixture.bootId = "boot-2";
        return fixture;
    }

    private List<String> names() throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aDirectoryInUseIsRefused() throws Exception {
        LogFixture first = new LogFixture(directory, Map.of());
        assertThatThrownBy(() -> new LogFixture(directory, Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("in use by another process");
        first.store().close();
    }

    @Test
    void aDirectoryOfAnotherClusterIsRefusedAndNotChanged() throws Exception {
        String meta =
                "version=1\ncluster.id=other\nnode.id=1\ndirectory.id=AAAAAAAAAAAAAAAAAAAAAQ\n";
        Files.writeString(directory.resolve("meta.properties"), meta);
        assertThatThrownBy(() -> new LogFixture(directory, Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("belongs to cluster other");
        assertThat(Files.readString(directory.resolve("meta.properties"))).isEqualTo(meta);
    }

    @Test
    void aLogOfTheSameNameAndAnotherTopicIsSetAside() throws Exception {
        LogFixture fixture = withRecords(Map.of());
        TopicIdPartition other =
                new TopicIdPartition(new Uuid(9, 9), new TopicPartition("orders", 0));
        PartitionLog log = fixture.log(other);
        assertThat(log.logEndOffset()).isZero();
        assertThat(names())
                .anyMatch(name -> name.startsWith("orders-0.") && name.endsWith("-stray"));
    }

    @Test
    void aNewLogWaitsUntilTheOneThatHasItsNameIsGone() throws Exception {
        for (Uuid topicId : List.of(new Uuid(9, 9), LogFixture.TOPIC_ID)) {
            Path place = directory.resolve(topicId.toString());
            LogFixture fixture = new LogFixture(place, Map.of());
            PartitionLog old = fixture.log();
            fixture.append(old, 3, 10);
            old.requestFlush();
            CompletableFuture<Void> gone = fixture.store().delete(LogFixture.ID);
            TopicIdPartition id = new TopicIdPartition(topicId, LogFixture.ID.topicPartition());
            CompletableFuture<PartitionLog> made =
                    fixture.store().openOrCreate(id, LogConfig.of(Map.of()));
            assertThat(gone).isNotDone(); // its flush is on the way
            fixture.commit();
            assertThat(gone).isCompleted();
            PartitionLog log = made.join();
            fixture.append(log, 2, 10);
            log.requestFlush();
            fixture.commit();
            fixture.letGo();
            fixture = new LogFixture(place, Map.of());
            PartitionLog found = Objects.requireNonNull(fixture.store().find(id));
            assertThat(found.logEndOffset()).isEqualTo(2);
            assertThat(found.flushedOffset()).as("promised").isEqualTo(2);
            assertThat(LogFixture.readOffsets(found)).containsExactly(0L, 1L);
        }
    }

    @Test
    void aLogMadeAgainIsNotMeasuredByWhatTheOneBeforePromised() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog old = fixture.log();
        fixture.append(old, 3, 10);
        old.requestFlush();
        fixture.commit();
        fixture.store().setAsideStrays(id -> false).join();
        assertThat(fixture.log().logEndOffset()).isZero();
        PartitionLog log = fixture.reopenAfterKill(directory);
        assertThat(log.unclean()).isEmpty();
        assertThat(log.logEndOffset()).isZero();
    }

    @Test
    void aNewLogIsNotLentTheCheckpointOfAnOlderOneOfItsName() throws Exception {
        LogFixture fixture = withRecords(Map.of());
        LogDirectory only = fixture.store().directories().getFirst();
        only.writeCheckpoints(true);
        Path highWatermarks = directory.resolve("replication-offset-checkpoint");
        assertThat(Files.readString(highWatermarks)).contains("orders 0 ");

        TopicIdPartition unrelated =
                new TopicIdPartition(new Uuid(9, 8), new TopicPartition("invoices", 0));
        fixture.log(unrelated);
        assertThat(Files.readString(highWatermarks)).doesNotContain("invoices"); // one write less

        fixture.store().delete(LogFixture.ID).join();
        only.writeCheckpoints(false); // a loss of power may bring the former ones back
        assertThat(Files.readString(highWatermarks)).doesNotContain("orders");
        Files.writeString(highWatermarks, "0\n1\norders 0 7\n");
        fixture.log(new TopicIdPartition(new Uuid(9, 9), new TopicPartition("orders", 0)));
        assertThat(Files.readString(highWatermarks)).doesNotContain("orders 0 7");
    }

    @Test
    void deletionRenamesFirstAndUnlinksLater() throws Exception {
        LogFixture fixture = withRecords(Map.of("file.delete.delay.ms", "1000"));
        fixture.store().delete(LogFixture.ID).join();
        assertThat(fixture.store().find(LogFixture.ID)).isNull();
        assertThat(names()).anyMatch(name -> name.endsWith("-delete"));
        fixture.nowMs += 1001;
        fixture.store().tick(fixture.nowMs);
        assertThat(names()).noneMatch(name -> name.endsWith("-delete"));
        assertThat(fixture.log().logEndOffset()).isZero();
    }

    @Test
    void straysAreSetAsideAndKept() throws Exception {
        LogFixture fixture = withRecords(Map.of());
        fixture.store().setAsideStrays(id -> false).join();
        assertThat(fixture.store().logs()).isEmpty();
        assertThat(names()).anyMatch(name -> name.endsWith("-stray"));
    }

    @Test
    void whatDoesNotSayWhoseLogItIsIsSetAsideAndAFileIsLeftAlone() throws Exception {
        LogFixture fixture = withRecords(Map.of());
        Files.createDirectory(directory.resolve("nameless-1"));
        Files.writeString(directory.resolve("file-2"), "mine");

        assertThat(fixture.reopenAfterKill(directory).logEndOffset()).isEqualTo(3);
        assertThat(names())
                .contains("file-2")
                .doesNotContain("nameless-1")
                .anyMatch(name -> name.startsWith("nameless-1.") && name.endsWith("-stray"));
    }

    @Test
    void aProcessCrashKeepsProducersAndNeedsNoScanUpToTheCheckpoint() throws Exception {
        LogFixture fixture = new LogFixture(directory, PAGE_CACHE);
        PartitionLog log = fixture.log();
        log.append(LogFixture.batch(5, 1, 0, false, 3), 0, AppendOrigin.CLIENT, fixture.nowMs);
        fixture.store().tick(fixture.nowMs);
        fixture.nowMs += 6000;
        fixture.store().tick(fixture.nowMs);
        log.append(LogFixture.batch(5, 1, 3, false, 2), 0, AppendOrigin.CLIENT, fixture.nowMs);

        PartitionLog again = fixture.reopenAfterKill(directory);
        assertThat(again.logEndOffset()).isEqualTo(5);
        assertThat(again.unclean()).isEmpty();
        AppendResult retry =
                again.append(
                        LogFixture.batch(5, 1, 3, false, 2), 0, AppendOrigin.CLIENT, fixture.nowMs);
        assertThat(retry.duplicate()).isTrue();
        assertThat(retry.baseOffset()).isEqualTo(3);
        assertThat(retry.lastOffset()).isEqualTo(4);
    }

    @Test
    void manyBytesBringACheckpointBeforeItsTime() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        fixture.store().tick(fixture.nowMs);
        int appended = 0;
        while (appended < LogFixture.CHECKPOINT_BYTES + (64 << 10)) {
            fixture.append(log, 1, 16 << 10);
            appended += 16 << 10;
        }
        fixture.store().tick(fixture.nowMs + 1); // the checkpoints' interval is not over
        long end = log.logEndOffset();
        fixture.append(log, 1, 10);

        assertThat(fixture.reopenAfterKill(directory).logEndOffset()).isEqualTo(end + 1);
        assertThat(fixture.readAtStart).isPositive().isLessThan(1_000);
    }

    @Test
    void aPageCacheLogIsUncleanAfterAnotherBoot() throws Exception {
        LogFixture fixture = cachedBeforeAnotherBoot();
        PartitionLog again = fixture.reopenAfterKill(directory);
        assertThat(again.logEndOffset()).isEqualTo(3);
        assertThat(again.unclean()).isPresent();
    }

    /** The next start may come before anybody was told: it is in the boot of that checkpoint. */
    @Test
    void aPageCacheLogStaysUncleanUntilALeaderBroughtWhatItLost() throws Exception {
        LogFixture fixture = cachedBeforeAnotherBoot();
        fixture.reopenAfterKill(directory);
        fixture.store().tick(fixture.nowMs + 10_000);
        PartitionLog killed = fixture.reopenAfterKill(directory);
        assertThat(killed.unclean()).isPresent();
        PartitionLog stopped = fixture.restart();
        assertThat(stopped.unclean()).isPresent();

        stopped.truncateTo(stopped.unclean().get().fromOffset()).join();
        assertThat(stopped.unclean()).isEmpty();
        fixture.append(stopped, 3, 10);
        fixture.store().tick(fixture.nowMs + 20_000);
        assertThat(fixture.reopenAfterKill(directory).unclean()).isEmpty();
    }

    @Test
    void aPageCacheLogThatWasElectedIsWhole() throws Exception {
        LogFixture fixture = cachedBeforeAnotherBoot();
        PartitionLog elected = fixture.reopenAfterKill(directory);
        elected.startLeaderEpoch(1).join();
        assertThat(elected.unclean()).isEmpty();
        fixture.store().tick(fixture.nowMs + 10_000);
        assertThat(fixture.reopenAfterKill(directory).unclean()).isEmpty();
    }

    @Test
    void aPageCacheLogIsUncleanAlsoWhenItsTopicIsKnownLater() throws Exception {
        LogFixture fixture = withRecords(PAGE_CACHE);
        fixture.store().tick(fixture.nowMs);
        fixture.letGo();
        LogFixture later = new LogFixture(directory, Map.of(), "boot-2");
        PartitionLog again = later.store().logs().iterator().next();
        assertThat(again.unclean()).isEmpty();
        LogConfig known = LogConfig.of(PAGE_CACHE);
        assertThat(again.unclean(known)).isPresent();
        again.updateConfig(known);
        assertThat(again.unclean()).isPresent();

        later.letGo();
        LogFixture sameBoot = new LogFixture(directory, Map.of(), "boot-1");
        assertThat(sameBoot.store().logs().iterator().next().unclean(known)).isEmpty();
    }

    @Test
    void transactionsAreStableOnceDecidedAndReplicated() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        log.append(LogFixture.batch(5, 1, 0, true, 3), 0, AppendOrigin.CLIENT, fixture.nowMs);
        fixture.append(log, 2, 10);
        log.updateHighWatermark(5);
        assertThat(log.lastStableOffset()).isZero();
        log.append(
                LogFixture.marker(ControlMarker.Type.ABORT, 5, 1, 0),
                0,
                AppendOrigin.COORDINATOR,
                fixture.nowMs);
        assertThat(log.lastStableOffset()).isZero();
        log.updateHighWatermark(6);
        assertThat(log.lastStableOffset()).isEqualTo(6);
        for (PartitionLog each : List.of(log, fixture.restart())) {
            assertThat(each.abortedTransactions(0, 6))
                    .containsExactly(new AbortedTransaction(5, 0));
            assertThat(each.lastStableOffset()).isEqualTo(6);
        }
    }

    @Test
    void leaderEpochsSurviveARestart() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        log.startLeaderEpoch(3).join();
        fixture.append(log, 2, 10);
        log.startLeaderEpoch(7).join();
        PartitionLog again = fixture.restart();
        assertThat(again.latestLeaderEpoch()).isEqualTo(7);
        assertThat(again.endOffsetFor(5)).isEqualTo(new EpochEndOffset(3, 2));
        assertThat(again.endOffsetFor(7)).isEqualTo(new EpochEndOffset(7, 2));
        assertThat(again.endOffsetFor(8)).isEqualTo(new EpochEndOffset(-1, -1));
    }

    @Test
    void describesItsDirectories() throws Exception {
        LogFixture fixture = withRecords(Map.of());
        LogDirDescription described = fixture.store().describe().getFirst();
        assertThat(described.online()).isTrue();
        assertThat(described.usableBytes()).isPositive();
        assertThat(described.partitionBytes())
                .containsEntry(LogFixture.ID, fixture.log().sizeInBytes());
    }
}
