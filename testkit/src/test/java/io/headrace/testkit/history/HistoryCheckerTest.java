package io.headrace.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.history.Violation.DifferentRecords;
import io.headrace.testkit.history.Violation.Duplicate;
import io.headrace.testkit.history.Violation.Lost;
import io.headrace.testkit.history.Violation.MovedOffset;
import io.headrace.testkit.history.Violation.NeverSent;
import io.headrace.testkit.history.Violation.OffsetWentBack;
import io.headrace.testkit.history.Violation.Reordered;
import io.headrace.testkit.history.Violation.SharedOffset;
import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.random.Seeded;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/** A good history has no violations; each planted fault is found and called by its name. */
final class HistoryCheckerTest {
    private static final SentRecord A = sent(0);
    private static final SentRecord B = sent(1);
    private static final SentRecord C = sent(2);

    @TempDir private Path folder;

    private static SentRecord sent(long sequence) {
        return new SentRecord("p", sequence, "t", 0);
    }

    private static Acknowledgement acknowledged(SentRecord record, long offset) {
        return new Acknowledgement(record, offset);
    }

    private static ReadRecord read(SentRecord record, long offset) {
        return readBy("r", record, offset);
    }

    private static ReadRecord readBy(String reader, SentRecord record, long offset) {
        return new ReadRecord(reader, "t", 0, offset, record);
    }

    private static List<Violation> check(
            List<Acknowledgement> acknowledged, List<ReadRecord> read) {
        return HistoryChecker.check(new History(Set.of(A, B, C), acknowledged, read));
    }

    @Test
    void aGoodHistoryHasNoViolations() {
        assertThat(
                        check(
                                List.of(acknowledged(A, 0), acknowledged(B, 1)),
                                List.of(
                                        read(A, 0),
                                        read(B, 1),
                                        readBy("s", A, 0),
                                        readBy("s", B, 1),
                                        read(C, 2),
                                        readBy("s", C, 2))))
                .as("C is unacknowledged and may be there")
                .isEmpty();
    }

    @Test
    void findsALostRecord() {
        assertThat(check(List.of(acknowledged(A, 0), acknowledged(B, 1)), List.of(read(A, 0))))
                .containsExactly(new Lost("r", acknowledged(B, 1)));
    }

    @Test
    void nothingReadAtAllIsALossToo() {
        assertThat(check(List.of(acknowledged(A, 0)), List.of()))
                .containsExactly(new Lost("nobody", acknowledged(A, 0)));
    }

    @Test
    void findsADuplicate() {
        assertThat(check(List.of(acknowledged(A, 0)), List.of(read(A, 0), read(A, 1))))
                .containsExactly(new Duplicate(read(A, 0), read(A, 1)));
    }

    @Test
    void findsAReordering() {
        assertThat(check(List.of(), List.of(read(B, 0), read(A, 1))))
                .containsExactly(new Reordered(read(B, 0), read(A, 1)));
    }

    @Test
    void findsAnotherOffsetThanAcknowledged() {
        assertThat(check(List.of(acknowledged(A, 0)), List.of(read(A, 5))))
                .containsExactly(new MovedOffset(acknowledged(A, 0), read(A, 5)));
    }

    @Test
    void findsTwoRecordsAcknowledgedAtOneOffset() {
        assertThat(check(List.of(acknowledged(A, 0), acknowledged(B, 0)), List.of(read(A, 0))))
                .contains(new SharedOffset(acknowledged(A, 0), acknowledged(B, 0)));
    }

    @Test
    void findsReadersWhoDisagree() {
        assertThat(check(List.of(), List.of(readBy("r", A, 0), readBy("s", B, 0))))
                .containsExactly(new DifferentRecords(readBy("r", A, 0), readBy("s", B, 0)));
    }

    @Test
    void findsAnOffsetThatWentBack() {
        assertThat(check(List.of(), List.of(read(A, 4), read(B, 3))))
                .containsExactly(new OffsetWentBack(read(A, 4), read(B, 3)));
    }

    @Test
    void findsARecordThatNobodySent() {
        SentRecord ghost = sent(99);
        assertThat(check(List.of(), List.of(read(ghost, 0))))
                .containsExactly(new NeverSent(read(ghost, 0)));
    }

    @Test
    void findsARecordOfAnotherPartition() {
        ReadRecord strayed = new ReadRecord("r", "t", 1, 0, A);
        assertThat(check(List.of(), List.of(strayed))).containsExactly(new NeverSent(strayed));
    }

    @Seeded(runs = 50)
    void anyRemovalOrSwapInALongHistoryIsFound(RandomGenerator random) {
        Set<SentRecord> sent = new HashSet<>();
        List<Acknowledgement> acknowledged = new ArrayList<>();
        List<ReadRecord> read = new ArrayList<>();
        for (int index = 0; index < 200; index++) {
            SentRecord record = new SentRecord("p" + index % 3, index, "t", 0);
            sent.add(record);
            acknowledged.add(acknowledged(record, index));
            read.add(read(record, index));
        }
        assertThat(HistoryChecker.check(new History(sent, acknowledged, read))).isEmpty();
        int victim = random.nextInt(read.size() - 1);
        if (random.nextBoolean()) {
            read.remove(victim);
        } else {
            read.add(victim, read.remove(victim + 1));
        }
        assertThat(HistoryChecker.check(new History(sent, acknowledged, read))).isNotEmpty();
    }

    /** Notes records until it is killed. */
    static final class EndlessWriter {
        private EndlessWriter() {}

        public static void main(String[] arguments) throws IOException {
            try (AcknowledgementJournal journal =
                    AcknowledgementJournal.append(Path.of(arguments[0]))) {
                for (long sequence = 0; sequence < Long.MAX_VALUE; sequence++) {
                    journal.sent(sent(sequence));
                    journal.flush();
                    journal.acknowledged(sent(sequence), sequence);
                    if (sequence == 1000) {
                        System.out.println("written");
                    }
                }
            }
        }
    }

    @Test
    void theJournalOfAKilledWriterIsReadUpToItsLastWholeLine() throws IOException {
        Path file = folder.resolve("journal");
        try (ChildProcess writer =
                ChildProcess.java(EndlessWriter.class).arguments(file.toString()).start()) {
            writer.awaitLine(Duration.ofSeconds(20), "written"::equals);
            writer.killHard();
        }
        Files.writeString(file, "sent 1 p", StandardOpenOption.APPEND);
        History history = AcknowledgementJournal.read(file, List.of());
        assertThat(history.sent()).hasSizeGreaterThan(1000).contains(A, B, C);
        assertThat(history.acknowledged()).hasSizeGreaterThan(900).contains(acknowledged(A, 0));
    }
}
