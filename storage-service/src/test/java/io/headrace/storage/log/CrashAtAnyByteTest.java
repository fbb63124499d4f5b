package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.batch.BatchView;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Goal: a log cut or damaged at any byte of its last writes recovers; real files. */
final class CrashAtAnyByteTest {
    @TempDir Path directory;

    private static List<Long> offsets(long end) {
        return LongStream.range(0, end).boxed().toList();
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(
                from,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path visited, BasicFileAttributes attributes) throws IOException {
                        Files.createDirectories(to.resolve(from.relativize(visited)));
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.copy(file, to.resolve(from.relativize(file)));
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    /** Three batches flushed, two only written; bytes at which each batch ends. */
    private LogFixture written(long[] ends) throws IOException {
        LogFixture fixture = new LogFixture(directory.resolve("data"), Map.of());
        PartitionLog log = fixture.log();
        for (int i = 0; i < 5; i++) {
            fixture.append(log, 2, 10);
            ends[i] = log.sizeInBytes();
            if (i == 2) {
                log.requestFlush();
                fixture.commit();
            }
        }
        return fixture;
    }

    private interface Damage {
        void doTo(Path file, int at) throws IOException;
    }

    private void everyByteAboveThePromise(Damage damage) throws IOException {
        long[] ends = new long[5];
        LogFixture fixture = written(ends);
        fixture.letGo();
        for (int at : positions(ends[2], ends[3], ends[4])) {
            Path data = directory.resolve("at-" + at);
            copy(directory.resolve("data"), data);
            damage.doTo(data.resolve("orders-0/00000000000000000000.log"), at);
            LogFixture after = new LogFixture(data, Map.of());
            PartitionLog log = after.log();
            int whole = at < ends[3] ? 3 : 4;
            assertThat(log.unclean()).isEmpty();
            long base = at < ends[3] ? ends[2] : ends[3];
            if (damage instanceof Flip && at - base >= 12 && at - base < 16) {
                assertThat(log.logEndOffset()).isEqualTo(10);
            } else {
                assertThat(log.logEndOffset()).isEqualTo(2L * whole);
                assertThat(LogFixture.readOffsets(log)).isEqualTo(offsets(2L * whole));
            }
            after.append(log, 1, 10);
            after.letGo();
        }
    }

    /**
     * The first and last byte of each batch and every fifth from a random one on; every byte with
     * {@code -Dexhaustive=true}.
     */
    private static int[] positions(long... bounds) {
        long from = bounds[0];
        long end = bounds[bounds.length - 1];
        long seed = Long.getLong("seed", System.nanoTime());
        int step = Boolean.getBoolean("exhaustive") ? 1 : 5;
        System.out.println("Bytes " + from + ".." + end + " by " + step + " with -Dseed=" + seed);
        LongStream sampled =
                LongStream.range(from, end).filter(at -> Math.floorMod(at - seed, step) == 0);
        LongStream edges =
                LongStream.of(bounds)
                        .flatMap(bound -> LongStream.of(bound - 1, bound))
                        .filter(at -> at >= from && at < end);
        return LongStream.concat(sampled, edges)
                .mapToInt(Math::toIntExact)
                .sorted()
                .distinct()
                .toArray();
    }

    private static final class Flip implements Damage {
        @Override
        public void doTo(Path file, int at) throws IOException {
            flip(file, at);
        }
    }

    /** Every offset reads as itself, or as corrupt; those before the damage read. */
    private static void checkDamagedAt(PartitionLog log, int whole) throws IOException {
        for (long offset = 0; offset < 6; offset++) {
            try {
                var read = LogFixture.readBytes(log, offset, 1);
                long base = BatchView.baseOffset(read, 0);
                assertThat(base).isEqualTo(offset - offset % 2);
            } catch (CorruptRangeException e) {
                assertThat(offset).isGreaterThanOrEqualTo(2L * whole);
            }
        }
    }

    @Test
    void cutAboveThePromiseLosesOnlyTheTornBatch() throws IOException {
        everyByteAboveThePromise(
                (file, at) -> {
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        channel.truncate(at);
                    }
                });
    }

    @Test
    void damageAboveThePromiseLosesOnlyWhatFollows() throws IOException {
        everyByteAboveThePromise(new Flip());
    }

    @Test
    void damageBelowThePromiseIsReportedAndNeverServed() throws IOException {
        long[] ends = new long[5];
        LogFixture fixture = written(ends);
        fixture.letGo();
        for (int at : positions(0, ends[0], ends[1], ends[2])) {
            Path data = directory.resolve("at-" + at);
            copy(directory.resolve("data"), data);
            flip(data.resolve("orders-0/00000000000000000000.log"), at);
            LogFixture after = new LogFixture(data, Map.of());
            PartitionLog log = after.log();
            int whole = at < ends[0] ? 0 : at < ends[1] ? 1 : 2;
            assertThat(log.unclean()).isPresent();
            assertThat(log.logEndOffset()).isGreaterThanOrEqualTo(6);
            assertThat(log.latestLeaderEpoch()).isZero();
            checkDamagedAt(log, whole);
            after.append(log, 1, 10);
            long end = log.logEndOffset();
            PartitionLog again = after.reopenAfterKill(data);
            assertThat(again.logEndOffset()).isEqualTo(end);
            after.letGo();
        }
    }

    @Test
    void aFileCutBelowThePromiseGoesOnAtThePromise() throws IOException {
        long[] ends = new long[5];
        LogFixture fixture = written(ends);
        fixture.letGo();
        try (var channel =
                FileChannel.open(
                        fixture.logPath().resolve("00000000000000000000.log"),
                        StandardOpenOption.WRITE)) {
            channel.truncate(ends[0] + 7);
        }
        LogFixture after = new LogFixture(directory.resolve("data"), Map.of());
        PartitionLog log = after.log();
        assertThat(log.unclean()).isPresent();
        assertThat(log.unclean().get().fromOffset()).isEqualTo(2);
        assertThat(after.append(log, 1, 10).baseOffset()).isEqualTo(6);
        checkDamagedAt(log, 1);
        PartitionLog again = after.reopenAfterKill(directory.resolve("data"));
        checkDamagedAt(again, 1);
        assertThat(LogFixture.readBytes(again, 6, 100).remaining()).isPositive();
    }

    private static void flip(Path file, int at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[at] ^= 0x55;
        Files.write(file, bytes);
    }
}
