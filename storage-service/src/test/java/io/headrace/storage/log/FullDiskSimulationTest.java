package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.ControlMarker;
import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.errors.KafkaStorageException;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * Goal: a disk whose space ends at any byte, of any file, refuses records with an error, breaks
 * nothing, and serves on when there is room, without a restart and with one. Method: random
 * operations on a simulated disk whose room comes and goes, over lives that end by a kill or a
 * power loss and begin on a full disk or not, against a model of what was reported.
 */
final class FullDiskSimulationTest {
    /** A batch of a transaction, or with {@code aborts} the marker that ended it. */
    private record InTransaction(long baseOffset, long producerId, @Nullable Boolean aborts) {}

    /** What must hold. */
    private static final class Model {
        private final WrittenBatches written = new WrittenBatches();
        private final List<InTransaction> transactions = new ArrayList<>();
        private final List<Long> openProducers = new ArrayList<>();
        private long nextProducerId = 1;
        private int refusals;
        private int truncations;

        void onAppended(AppendResult result, int crc, long producerId, @Nullable Boolean aborts) {
            written.add(result.baseOffset(), result.lastOffset(), crc);
            if (producerId > 0) {
                transactions.add(new InTransaction(result.baseOffset(), producerId, aborts));
            }
        }

        void endsAt(long logEndOffset) {
            written.endsAt(logEndOffset);
            transactions.removeIf(each -> each.baseOffset() >= logEndOffset);
            openProducers.clear();
            for (InTransaction batch : transactions) {
                if (batch.aborts() == null) {
                    openProducers.add(batch.producerId());
                } else {
                    openProducers.remove((Object) batch.producerId());
                }
            }
        }

        List<AbortedTransaction> aborted() {
            List<AbortedTransaction> aborted = new ArrayList<>();
            for (InTransaction marker : transactions) {
                if (Boolean.TRUE.equals(marker.aborts())) {
                    for (InTransaction batch : transactions) {
                        if (batch.producerId() == marker.producerId() && batch.aborts() == null) {
                            aborted.add(
                                    new AbortedTransaction(
                                            marker.producerId(), batch.baseOffset()));
                        }
                    }
                }
            }
            return aborted;
        }
    }

    /** One life of the process. */
    private static final class Life {
        final SimulatedDisk disk;
        final LogFixture fixture;
        final Model model;
        final RandomGenerator random;
        final PartitionLog log;
        int epoch;
        CompletableFuture<Void> cut = CompletableFuture.completedFuture(null);

        Life(SimulatedDisk disk, Model model, RandomGenerator random, String bootId)
                throws Exception {
            this.disk = disk;
            this.model = model;
            this.random = random;
            this.fixture =
                    new LogFixture(
                            List.of(disk.path("/data")),
                            LogFixture.SMALL_SEGMENTS,
                            bootId,
                            256 << 10);
            fixture.settlesAtCommit = random.nextBoolean();
            requireOnline();
            this.log = fixture.log();
            this.epoch = Math.max(0, log.latestLeaderEpoch());
            verify(log, model);
            log.listen(
                    new LogListener() {
                        @Override
                        public void onFlushed(PartitionLog flushed, long flushedOffset) {
                            if (!flushed.isTruncating()) { // else what is to be cut still counts
                                model.written.onReported(flushedOffset);
                            }
                        }

                        @Override
                        public void onOffline(PartitionLog offline, Throwable cause) {
                            throw new IllegalStateException("A full disk broke the log", cause);
                        }
                    });
        }

        void requireOnline() {
            for (LogDirectory each : fixture.store().directories()) {
                assertThat(each.offlineCause()).isNull();
            }
            assertThat(fixture.store().failedDirectories()).isEmpty();
        }

        void run(int steps) {
            for (int step = 0; step < steps; step++) {
                step();
                requireOnline();
            }
        }

        private void step() {
            switch (random.nextInt(21)) {
                case 0 -> disk.limitBytes(disk.usedBytes() + random.nextInt(3) * 30_000L);
                case 1 -> disk.limitBytes(disk.usedBytes() + random.nextInt(200_000));
                case 2 -> disk.limitBytes(Long.MAX_VALUE);
                case 3, 4, 5 -> {
                    log.requestFlush();
                    fixture.commit();
                }
                case 6 -> log.updateHighWatermark(log.flushedOffset());
                case 7, 8 -> tick();
                case 9 -> {
                    if (!log.isTruncating() && random.nextInt(3) == 0) {
                        log.startLeaderEpoch(++epoch);
                    }
                }
                case 10 -> maybeTruncate();
                case 11 -> append(LogFixture.batch(model.nextProducerId, 0, 0, true, 2), true);
                case 12 -> maybeEndTransaction();
                case 13 -> fixture.settleSealed();
                default ->
                        append(
                                LogFixture.batch(
                                        1 + random.nextInt(3),
                                        random.nextInt(1, 60_000),
                                        fixture.nowMs),
                                false);
            }
        }

        void tick() {
            fixture.nowMs += 6000;
            fixture.store().tick(fixture.nowMs);
        }

        private void append(ByteBuffer batch, boolean transactional) {
            int crc = (int) BatchView.crc(batch, batch.position());
            AppendResult result = tryAppend(batch, AppendOrigin.CLIENT);
            if (result == null) {
                return;
            }
            model.onAppended(result, crc, transactional ? model.nextProducerId : 0, null);
            if (transactional) {
                model.openProducers.add(model.nextProducerId++);
            }
        }

        private void maybeEndTransaction() {
            if (model.openProducers.isEmpty()) {
                return;
            }
            long producerId = model.openProducers.getFirst();
            boolean aborts = random.nextInt(4) > 0;
            ByteBuffer marker =
                    LogFixture.marker(
                            aborts ? ControlMarker.Type.ABORT : ControlMarker.Type.COMMIT,
                            producerId,
                            0,
                            0);
            int crc = (int) BatchView.crc(marker, marker.position());
            AppendResult result = tryAppend(marker, AppendOrigin.COORDINATOR);
            if (result != null) {
                model.openProducers.removeFirst();
                model.onAppended(result, crc, producerId, aborts);
            }
        }

        /** Null when it was refused: then nothing of it may be there. */
        private @Nullable AppendResult tryAppend(ByteBuffer batch, AppendOrigin origin) {
            long endBefore = log.logEndOffset();
            long bytesBefore = log.sizeInBytes();
            try {
                return log.append(batch, epoch, origin, fixture.nowMs);
            } catch (KafkaStorageException e) {
                assertThat(e.getMessage()).containsAnyOf("full", "No space left", "truncated");
                assertThat(log.logEndOffset()).isEqualTo(endBefore);
                assertThat(log.sizeInBytes()).isEqualTo(bytesBefore);
                model.refusals++;
                return null;
            }
        }

        private void maybeTruncate() {
            boolean isPossible =
                    cut.isDone() && log.logEndOffset() > log.highWatermark() && !log.isTruncating();
            if (!isPossible || random.nextInt(3) > 0) {
                return;
            }
            long target = random.nextLong(log.highWatermark(), log.logEndOffset());
            long end = model.written.startOfBatchAt(target);
            cut = log.truncateTo(target);
            fixture.commit(); // a flush on its way ends first, and reports
            model.written.onGivenUp(end);
            cut =
                    cut.thenRun(
                            () -> {
                                model.truncations++;
                                model.endsAt(log.logEndOffset());
                            });
        }

        /** With room again everything that waited is done, and records are taken. */
        void recoversWithRoom() {
            disk.limitBytes(Long.MAX_VALUE);
            tick();
            fixture.commit();
            tick();
            assertThat(cut).isCompleted();
            assertThat(log.startLeaderEpoch(++epoch)).isCompleted();
            AppendResult result =
                    log.append(
                            LogFixture.batch(1, 10, fixture.nowMs),
                            epoch,
                            AppendOrigin.CLIENT,
                            fixture.nowMs);
            log.requestFlush();
            fixture.commit();
            assertThat(log.flushedOffset()).isEqualTo(result.lastOffset() + 1);
            ByteBuffer read;
            try {
                read = LogFixture.readBytes(log, result.baseOffset(), 1);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            model.onAppended(result, (int) BatchView.crc(read, 0), 0, null);
        }
    }

    private static void verify(PartitionLog log, Model model) throws Exception {
        model.written.verify(log);
        model.endsAt(log.logEndOffset());
        assertThat(log.abortedTransactions(0, log.logEndOffset()))
                .containsExactlyElementsOf(model.aborted());
    }

    @Seeded(runs = 12)
    void aFullDiskRefusesRecordsAndBreaksNothing(RandomGenerator random, Seed seed)
            throws Exception {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed.value());
        Model model = new Model();
        int boot = 0;
        for (int life = 0; life < 6; life++) {
            Life now = new Life(disk, model, random, "boot-" + boot);
            now.run(120);
            if (random.nextInt(3) == 0) {
                now.recoversWithRoom();
            }
            if (random.nextInt(5) == 0 && now.cut.isDone()) {
                now.fixture.commit(); // a close waits for what is on its way
                now.fixture.store().close();
            }
            boolean powerLoss = random.nextBoolean();
            disk = powerLoss ? disk.crash() : disk.kill();
            boot += powerLoss ? 1 : 0;
            if (random.nextBoolean()) {
                disk.limitBytes(disk.usedBytes() + random.nextInt(2) * random.nextLong(5_000));
            }
        }
        Life last = new Life(disk, model, random, "boot-" + boot);
        last.recoversWithRoom();
        verify(last.log, model);
        assertThat(model.refusals).isPositive();
    }
}
