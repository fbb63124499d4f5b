package io.headrace.storage.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.segment.SegmentFiles;
import io.headrace.testkit.disk.DiskCounters;
import io.headrace.testkit.disk.DiskOperation;
import io.headrace.testkit.disk.SimulatedDisk;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * Goal: what the journal has taken is in the segment files after any crash, and nothing else is.
 * Method: logs that are bare files on a simulated disk, whose offsets are their sizes.
 */
final class RoundJournalTest {
    private static final int FILE_BYTES = 64 << 10;
    private static final int ENTRIES_PER_FILE = 14; // of one block each

    private SimulatedDisk disk = SimulatedDisk.withSeed(1);
    private final List<FakeLog> logs = new ArrayList<>();
    private final List<Long> settled = new ArrayList<>();
    private Path directory = disk.path("/data");
    private PromiseJournal promises;
    private RoundJournal journal;
    private long salt = 77;

    /** A log of one segment. */
    private final class FakeLog {
        final PromiseJournal.Key key;
        final String name;
        final ByteArrayOutputStream expected = new ByteArrayOutputStream();
        LogFile file;
        int durable;

        FakeLog(int number) throws IOException {
            key = new PromiseJournal.Key(new Uuid(3, number), number);
            name = "log-" + number;
            Directories.create(directory.resolve(name));
            file = LogFile.create(path());
            file.flush();
            Directories.flush(directory.resolve(name));
        }

        Path path() {
            return SegmentFiles.path(directory.resolve(name), 0, SegmentFiles.LOG);
        }

        void write(byte[] bytes) throws IOException {
            int at = expected.size();
            expected.writeBytes(bytes); // before: it may come to the disk though the power goes
            file.write(ByteBuffer.wrap(bytes), at);
        }

        JournalPiece piece() {
            return new JournalPiece(
                    key,
                    expected.size(),
                    file,
                    0,
                    durable,
                    expected.size() - durable,
                    settled::add);
        }

        byte[] onDisk() throws IOException {
            return Files.readAllBytes(path());
        }
    }

    @BeforeEach
    void start() throws IOException {
        Directories.create(directory);
        open();
        logs.add(new FakeLog(0));
        logs.add(new FakeLog(1));
    }

    private void open() throws IOException {
        promises = PromiseJournal.open(directory);
        journal = RoundJournal.open(directory, promises, FILE_BYTES, () -> ++salt, this::paths);
        journal.prepare();
    }

    private Map<PromiseJournal.Key, Path> paths() {
        Map<PromiseJournal.Key, Path> paths = new HashMap<>();
        logs.forEach(log -> paths.put(log.key, directory.resolve(log.name)));
        return paths;
    }

    private static byte[] bytes(int size, int value) {
        byte[] bytes = new byte[size];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private boolean append(FakeLog... each) throws IOException {
        boolean taken = journal.append(Arrays.stream(each).map(FakeLog::piece).toList());
        if (taken) {
            Arrays.stream(each).forEach(log -> log.durable = log.expected.size());
        }
        return taken;
    }

    private boolean appendTo(FakeLog log, int size, int value) throws IOException {
        log.write(bytes(size, value));
        return append(log);
    }

    private void crash() throws IOException {
        disk = disk.crash();
        reopen();
    }

    private void reopen() throws IOException {
        directory = disk.path("/data");
        open();
        for (FakeLog log : logs) {
            log.file = LogFile.open(log.path());
            byte[] durable = Arrays.copyOf(log.expected.toByteArray(), log.durable);
            log.expected.reset();
            log.expected.writeBytes(durable);
        }
    }

    private void checkWhole() throws IOException {
        for (FakeLog log : logs) {
            byte[] wanted = Arrays.copyOf(log.expected.toByteArray(), log.durable);
            assertThat(Arrays.copyOf(log.onDisk(), log.durable)).isEqualTo(wanted);
            assertThat(promises.promised(log.key)).isEqualTo(log.durable == 0 ? -1 : log.durable);
        }
    }

    @Test
    void whatItTookIsInTheFilesAfterAPowerLoss() throws IOException {
        FakeLog first = logs.getFirst();
        FakeLog second = logs.getLast();
        first.write(bytes(700, 'a'));
        second.write(bytes(5_000, 'b'));
        assertThat(append(first, second)).isTrue();
        assertThat(appendTo(first, 300, 'c')).isTrue();
        crash();
        checkWhole();
        assertThat(settled).isEmpty();
    }

    @Seeded(runs = 40)
    void aTornEntryIsNone(RandomGenerator random, Seed seed) throws IOException {
        disk = SimulatedDisk.withSeed(seed.value());
        logs.clear();
        directory = disk.path("/data");
        start();
        for (int life = 0; life < 3; life++) {
            disk.cutPowerAfterChanges(random.nextInt(1, 60));
            try {
                while (!disk.isPoweredOff()) {
                    FakeLog log = logs.get(random.nextInt(2));
                    boolean taken = appendTo(log, random.nextInt(1, 9_000), random.nextInt(256));
                    if (!taken || random.nextInt(8) == 0) {
                        journal.settleSealed();
                    }
                    if (random.nextInt(20) == 0) {
                        journal.settle(log.key);
                    }
                    if (random.nextInt(10) == 0) {
                        cut(log, random.nextInt(log.expected.size() + 1));
                    }
                }
            } catch (IOException e) {
                assertThat(disk.isPoweredOff()).isTrue();
            }
            Map<FakeLog, byte[]> written = new HashMap<>();
            logs.forEach(log -> written.put(log, log.expected.toByteArray()));
            disk = random.nextBoolean() ? disk.crash() : disk.kill();
            reopen();
            for (FakeLog log : logs) {
                byte[] content = log.onDisk();
                byte[] wanted = Objects.requireNonNull(written.get(log));
                assertThat(content.length).isBetween(log.durable, wanted.length);
                assertThat(Arrays.copyOf(content, log.durable))
                        .isEqualTo(Arrays.copyOf(wanted, log.durable));
                long promised = promises.promised(log.key);
                assertThat(promised)
                        .isBetween(log.durable == 0 ? -1L : log.durable, (long) wanted.length);
                assertThat((long) content.length).isGreaterThanOrEqualTo(promised);
                // What was not reported may be gone: the log goes on where the promise ends.
                log.durable = (int) Math.max(0, promised);
                log.expected.reset();
                log.expected.writeBytes(Arrays.copyOf(wanted, log.durable));
                log.file.truncate(log.durable);
                log.file.flush();
            }
        }
    }

    /** As a follower cuts. */
    private void cut(FakeLog log, int size) throws IOException {
        byte[] left = Arrays.copyOf(log.expected.toByteArray(), size);
        log.durable = Math.min(log.durable, size);
        journal.settleAlone(log.key, size);
        promises.lower(log.key, size);
        log.file.truncate(size);
        log.file.flush();
        log.durable = size;
        log.expected.reset();
        log.expected.writeBytes(left);
    }

    @Test
    void aCutSettlesItsOwnLogOnly() throws IOException {
        FakeLog cut = logs.getFirst();
        FakeLog other = logs.getLast();
        for (int i = 0; i < ENTRIES_PER_FILE / 2; i++) {
            appendTo(cut, 100, 'a' + i);
            appendTo(other, 100, 'A' + i);
        }
        appendTo(cut, 1_000, 'x'); // the first of the other file
        promises.promise(Map.of(cut.key, 900L)); // as a large round does
        DiskCounters before = disk.counters();
        cut(cut, 650);
        DiskCounters after = disk.counters();
        assertThat(after.forces() - before.forces()).isEqualTo(4); // with the cut's own
        assertThat(settled).isEmpty();
        appendTo(cut, 10, 'z');
        journal.settleSealed();
        assertThat(promises.promised(cut.key)).isEqualTo(650);
        crash();
        checkWhole();
        assertThat(cut.onDisk()).hasSize(660);
    }

    @Test
    void aCutCountsWhicheverFileItIsInAndWhereverAStartEnds() throws IOException {
        FakeLog cut = logs.getFirst();
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < ENTRIES_PER_FILE; j++) {
                appendTo(cut, 100, 'a' + j);
            }
            cut(cut, cut.expected.size() - 450); // its entry is in the other file
            for (int inStart = 1; inStart < 12; inStart++) {
                disk = disk.crash();
                startUntilPowerIsCut(inStart);
            }
            crash();
            checkWhole();
            assertThat(cut.onDisk()).hasSize(cut.expected.size());
        }
    }

    private void startUntilPowerIsCut(int afterChanges) throws IOException {
        directory = disk.path("/data");
        disk.cutPowerAfterChanges(afterChanges);
        try {
            open();
        } catch (IOException e) {
            assertThat(disk.isPoweredOff()).isTrue();
        }
    }

    @Test
    void aDamagedBlockBringsNothingBackThatWasCut() throws IOException {
        FakeLog log = logs.getFirst();
        appendTo(log, 1_000, 'a');
        cut(log, 400);
        disk = disk.crash();
        long voiding = JournalFile.ENTRIES_AT + JournalFile.BLOCK_BYTES;
        disk.flipBit(disk.path("/data/promised-records.0"), voiding + 40, 3);
        reopen();
        checkWhole();
        assertThat(log.onDisk()).hasSize(400);
    }

    @Seeded(runs = 4)
    void oneOfTwoHeadersIsAlwaysWhole(Seed seed) throws IOException {
        for (int inSettling = 1; inSettling < 14; inSettling++) {
            for (int inStart = 1; inStart < 10; inStart++) {
                disk = SimulatedDisk.withSeed(seed.value() + 100L * inSettling + inStart);
                logs.clear();
                directory = disk.path("/data");
                start();
                FakeLog log = logs.getFirst();
                appendTo(log, 100, 'a');
                disk.cutPowerAfterChanges(inSettling);
                try {
                    journal.settleAll();
                } catch (IOException e) {
                    assertThat(disk.isPoweredOff()).isTrue();
                }
                disk = disk.kill(); // what was written and not flushed is in the page cache
                startUntilPowerIsCut(inStart);
                crash();
                checkWhole();
            }
        }
    }

    @Test
    void aDamagedEntryHidesNotThoseBehindIt() throws IOException {
        FakeLog log = logs.getFirst();
        appendTo(log, 100, 'a');
        appendTo(log, 100, 'b');
        appendTo(log, 100, 'c');
        disk = disk.crash();
        long second = JournalFile.ENTRIES_AT + JournalFile.BLOCK_BYTES;
        disk.flipBit(disk.path("/data/promised-records.0"), second + 90, 3);
        reopen();
        assertThat(promises.promised(log.key)).isEqualTo(300);
        byte[] content = log.onDisk();
        assertThat(Arrays.copyOfRange(content, 200, 300)).isEqualTo(bytes(100, 'c'));
        assertThat(Arrays.copyOf(content, 100)).isEqualTo(bytes(100, 'a'));
    }

    @Test
    void settledEntriesCountNoMore() throws IOException {
        FakeLog log = logs.getFirst();
        appendTo(log, 100, 'a');
        journal.settle(logs.getLast().key);
        assertThat(settled).isEmpty();
        journal.settle(log.key);
        assertThat(settled).containsExactly(100L);
        assertThat(promises.promised(log.key)).isEqualTo(100);
        log.file.truncate(0); // as replication demands
        log.file.flush();
        promises.promise(Map.of(log.key, 0L));
        crash();
        assertThat(log.onDisk()).isEmpty();
        assertThat(promises.promised(log.key)).isZero();
    }

    @Test
    void whatAnEarlierGenerationLeftIsNoEntry() throws IOException {
        FakeLog log = logs.getFirst();
        for (int i = 0; i < 5; i++) {
            appendTo(log, 100, 'a');
        }
        journal.settleAll();
        for (int i = 0; i < 2; i++) { // the two files take turns
            appendTo(log, 100, 'b');
            journal.settleAll();
        }
        appendTo(log, 100, 'c');
        disk = disk.crash();
        LogFile emptied = LogFile.open(disk.path("/data/log-0/00000000000000000000.log"));
        emptied.truncate(0); // so that whatever is replayed is seen
        emptied.flush();
        reopen();
        byte[] content = log.onDisk();
        assertThat(content).hasSize(800);
        assertThat(Arrays.copyOf(content, 700)).containsOnly(0);
        assertThat(Arrays.copyOfRange(content, 700, 800)).containsOnly('c');
    }

    @Test
    void itIsFullUntilAFileIsSettled() throws IOException {
        FakeLog log = logs.getFirst();
        int taken = 0;
        while (appendTo(log, 100, taken)) {
            taken++;
        }
        assertThat(taken).isEqualTo(2 * ENTRIES_PER_FILE);
        assertThat(journal.isSettleDue()).isTrue();
        journal.settleSealed();
        assertThat(settled).containsExactly(100L * ENTRIES_PER_FILE);
        assertThat(journal.isSettleDue()).isFalse();
        assertThat(append(log)).isTrue();
        crash();
        checkWhole();
    }

    @Test
    void whatIsTooLargeIsNotTaken() throws IOException {
        assertThat(appendTo(logs.getFirst(), FILE_BYTES / 2, 1)).isFalse();
    }

    @Test
    void aFlushThatFailedIsFinal() throws IOException {
        FakeLog log = logs.getFirst();
        appendTo(log, 100, 'a');
        disk.fail(DiskOperation.FORCE, path -> path.toString().contains("promised-records"), 1);
        assertThatThrownBy(() -> appendTo(log, 100, 'b')).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> append(log)).hasMessageContaining("has failed");
        assertThatThrownBy(() -> journal.settle(log.key)).hasMessageContaining("has failed");
        crash();
        checkWhole();
    }

    @Test
    void aSegmentThatCannotBeFlushedStaysInTheJournal() throws IOException {
        FakeLog log = logs.getFirst();
        appendTo(log, 100, 'a');
        disk.fail(DiskOperation.FORCE, path -> path.toString().endsWith(".log"), 1);
        assertThatThrownBy(() -> journal.settleAll()).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> journal.settleAll()).hasMessageContaining("has failed");
        assertThat(settled).isEmpty();
        crash();
        checkWhole();
    }

    @Test
    void aRemovedSegmentStaysRemoved() throws IOException {
        FakeLog log = logs.getFirst();
        appendTo(log, 100, 'a');
        disk = disk.crash();
        Files.delete(disk.path("/data/log-0/00000000000000000000.log"));
        Directories.flush(disk.path("/data/log-0"));
        directory = disk.path("/data");
        open();
        assertThat(Files.exists(log.path())).isFalse();
    }

    @Test
    void aFullDiskGivesTheSpareForTheReplay() throws IOException {
        FakeLog log = logs.getFirst();
        while (appendTo(log, 3_000, 'x')) {
            // until both files are full
        }
        disk = disk.crash();
        LogFile lost = LogFile.open(disk.path("/data/log-0/00000000000000000000.log"));
        lost.truncate(0);
        lost.flush();
        lost.release();
        disk.limitBytes(disk.usedBytes());
        reopen();
        checkWhole();
        assertThat(Files.exists(directory.resolve("promised-records.spare"))).isFalse();
        assertThat(append(log)).isFalse(); // there is no room for a journal
        disk.limitBytes(Long.MAX_VALUE);
        crash();
        assertThat(appendTo(log, 10, 'y')).isTrue();
    }

    @Test
    void aFullDiskWithoutASpareSaysWhatToDo() throws IOException {
        FakeLog log = logs.getFirst();
        appendTo(log, 3_000, 'x');
        disk = disk.crash();
        LogFile lost = LogFile.open(disk.path("/data/log-0/00000000000000000000.log"));
        lost.truncate(0);
        lost.flush();
        lost.release();
        Files.delete(disk.path("/data/promised-records.spare"));
        disk.limitBytes(disk.usedBytes());
        directory = disk.path("/data");
        assertThatThrownBy(this::open).hasMessageContaining("make some room");
        disk.limitBytes(Long.MAX_VALUE);
        reopen();
        checkWhole();
    }

    @Test
    void aDamagedFileIsNotTakenForAnEmptyOne() throws IOException {
        appendTo(logs.getFirst(), 100, 'a');
        disk = disk.crash();
        for (int at : new int[] {0, JournalFile.BLOCK_BYTES}) {
            disk.flipBit(disk.path("/data/promised-records.0"), at + 9, 1);
        }
        directory = disk.path("/data");
        assertThatThrownBy(this::open).hasMessageContaining("is damaged");
    }

    @Test
    void withoutRoomItTakesNothingAndBreaksNothing() throws IOException {
        SimulatedDisk small = SimulatedDisk.withSeed(5);
        small.limitBytes(600 << 10);
        directory = small.path("/data");
        Directories.create(directory);
        logs.clear();
        promises = PromiseJournal.open(directory);
        journal = RoundJournal.open(directory, promises, 1 << 20, () -> ++salt, this::paths);
        journal.prepare();
        logs.add(new FakeLog(0));
        assertThat(appendTo(logs.getFirst(), 10, 1)).isFalse();
        try (var left = Files.list(directory)) {
            assertThat(left.filter(path -> path.toString().contains("records"))).isEmpty();
        }
    }
}
