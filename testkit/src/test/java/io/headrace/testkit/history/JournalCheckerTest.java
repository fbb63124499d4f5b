package io.headrace.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.List;

/** The checker of long runs finds each planted bad history, and nothing in a good one. */
class JournalCheckerTest {
    private static final String TOPIC = "t";

    private final ProducerJournal a = new ProducerJournal("a", 1, TOPIC);
    private final ProducerJournal b = new ProducerJournal("b", 2, TOPIC);
    private final PartitionReading whole = new PartitionReading("final", TOPIC, 0);

    /** a#0 at 0, b#0 at 1, a#1 at 2 (not acknowledged), a#2 at 3. */
    @BeforeEach
    void send() {
        a.sent(0);
        b.sent(0);
        a.sent(0);
        a.sent(0);
        a.acknowledged(0, 0);
        b.acknowledged(0, 1);
        a.acknowledged(2, 3);
    }

    private static long code(ProducerJournal producer, long sequence) {
        return RecordCode.of(producer.id(), sequence);
    }

    private void readAll(PartitionReading reading) {
        reading.read(0, code(a, 0));
        reading.read(1, code(b, 0));
        reading.read(2, code(a, 1));
        reading.read(3, code(a, 2));
    }

    private List<Violation> check(PartitionReading... live) {
        return JournalChecker.check(List.of(a, b), List.of(whole), List.of(live));
    }

    private static PartitionReading live() {
        return new PartitionReading("live", TOPIC, 0);
    }

    @Test
    void aGoodHistoryHasNone() {
        readAll(whole);
        PartitionReading live = live();
        readAll(live);
        PartitionReading again = live();
        again.read(1, code(b, 0));
        again.read(2, code(a, 1));
        assertThat(check(live, again)).isEmpty();
    }

    @Test
    void anUnacknowledgedRecordMayBeMissing() {
        whole.read(0, code(a, 0));
        whole.read(1, code(b, 0));
        whole.read(3, code(a, 2));
        assertThat(check()).isEmpty();
    }

    @Test
    void lost() {
        whole.read(0, code(a, 0));
        whole.read(1, code(b, 0));
        assertThat(check())
                .singleElement()
                .isInstanceOfSatisfying(
                        Violation.Lost.class,
                        lost ->
                                assertThat(lost.acknowledgement().sent())
                                        .isEqualTo(new SentRecord("a", 2, TOPIC, 0)));
    }

    @Test
    void lostWhenNobodyReadThePartition() {
        assertThat(JournalChecker.check(List.of(b), List.of(), List.of()))
                .singleElement()
                .isInstanceOf(Violation.Lost.class);
    }

    @Test
    void duplicate() {
        readAll(whole);
        whole.read(4, code(b, 0));
        assertThat(check()).singleElement().isInstanceOf(Violation.Duplicate.class);
    }

    @Test
    void reordered() {
        a.acknowledged(1, 3);
        a.acknowledged(2, 2);
        whole.read(0, code(a, 0));
        whole.read(1, code(b, 0));
        whole.read(2, code(a, 2));
        whole.read(3, code(a, 1));
        assertThat(check()).singleElement().isInstanceOf(Violation.Reordered.class);
    }

    @Test
    void moved() {
        whole.read(0, code(a, 0));
        whole.read(2, code(b, 0));
        whole.read(3, code(a, 2));
        assertThat(check()).singleElement().isInstanceOf(Violation.MovedOffset.class);
    }

    @Test
    void neverSent() {
        readAll(whole);
        whole.read(4, code(a, 77));
        assertThat(check()).singleElement().isInstanceOf(Violation.NeverSent.class);
    }

    @Test
    void twoReadersDiffer() {
        readAll(whole);
        PartitionReading live = live();
        live.read(1, code(a, 1));
        assertThat(check(live)).singleElement().isInstanceOf(Violation.DifferentRecords.class);
    }

    @Test
    void vanishedAfterItWasRead() {
        whole.read(0, code(a, 0));
        whole.read(1, code(b, 0));
        whole.read(3, code(a, 2));
        PartitionReading live = live();
        live.read(2, code(a, 1));
        assertThat(check(live)).singleElement().isInstanceOf(Violation.Vanished.class);
    }

    @Test
    void resurrectedBelowWhatWasRead() {
        readAll(whole);
        PartitionReading live = live();
        live.read(1, code(b, 0));
        live.read(3, code(a, 2));
        assertThat(check(live))
                .singleElement()
                .isInstanceOfSatisfying(
                        Violation.Resurrected.class,
                        back -> assertThat(back.read().offset()).isEqualTo(2));
    }

    @Test
    void offsetsGoBack() {
        readAll(whole);
        PartitionReading live = live();
        live.read(2, code(a, 1));
        live.read(1, code(b, 0));
        assertThat(check(live)).singleElement().isInstanceOf(Violation.OffsetWentBack.class);
    }

    @Test
    void finalReadersDiffer() {
        readAll(whole);
        PartitionReading other = new PartitionReading("second", TOPIC, 0);
        other.read(0, code(a, 0));
        other.read(1, code(b, 0));
        other.read(3, code(a, 2));
        assertThat(JournalChecker.check(List.of(a, b), List.of(whole, other), List.of()))
                .singleElement()
                .isInstanceOf(Violation.Vanished.class);
    }
}
