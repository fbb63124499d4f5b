package io.headrace.testkit.history;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Goal: each way in which transactions can go wrong, planted in a good history, is found. */
class TransferCheckerTest {
    private final TransferJournal journal = new TransferJournal();
    private final List<TransferLeg> whole = new ArrayList<>();
    private Set<Long> orders = Set.of(1L, 2L, 3L);

    @BeforeEach
    void aGoodHistory() {
        commit("a-1", 2);
        transfer("a-1", 1, 0, 10);
        commit("a-2", 4);
        transfer("a-2", 2, 2, 30);
        transfer("a-2", 3, 4, 5);
        journal.begun("b-1", 2); // aborted by its writer
        journal.begun("b-2", 2);
        journal.committing("b-2"); // nobody knows; here it was not
    }

    private void commit(String attempt, int legs) {
        journal.begun(attempt, legs);
        journal.committing(attempt);
        journal.committed(attempt);
    }

    private void transfer(String attempt, long order, long offset, long amount) {
        whole.add(leg(0, offset, attempt, order, 0, -amount));
        whole.add(leg(1, offset + 1, attempt, order, 1, amount));
    }

    private static TransferLeg leg(
            int partition, long offset, String attempt, long order, int side, long amount) {
        return new TransferLeg("final", partition, offset, attempt, order, side, amount);
    }

    private List<Violation> check() {
        return TransferChecker.check(journal, orders, List.of(whole), List.of());
    }

    private List<Violation> checkLive(TransferLeg... live) {
        return TransferChecker.check(journal, orders, List.of(whole), List.of(List.of(live)));
    }

    @Test
    void aGoodHistoryHasNothingWrong() {
        assertThat(check()).isEmpty();
        assertThat(checkLive(whole.get(0), whole.get(3))).isEmpty();
        assertThat(journal.count(TransferJournal.Outcome.COMMITTED)).isEqualTo(2);
    }

    @Test
    void aTransactionOfUnknownOutcomeMayBeThereWhole() {
        transfer("b-2", 4, 8, 7);
        assertThat(check()).isEmpty();
    }

    @Test
    void anAbortedRecordThatIsReadIsFound() {
        transfer("b-1", 4, 8, 7);
        assertThat(check()).hasOnlyElementsOfType(Violation.UncommittedRead.class).hasSize(2);
    }

    @Test
    void anAbortedRecordThatOnlyALiveReaderSawIsFound() {
        TransferLeg ghost = leg(0, 9, "b-1", 4, 0, -7);
        assertThat(checkLive(ghost))
                .hasSize(2)
                .hasAtLeastOneElementOfType(Violation.UncommittedRead.class)
                .hasAtLeastOneElementOfType(Violation.LegsDiffer.class);
    }

    @Test
    void aTornTransactionIsFoundAndItsMoneyIsMissed() {
        whole.removeLast();
        assertThat(check())
                .hasAtLeastOneElementOfType(Violation.TornTransaction.class)
                .hasAtLeastOneElementOfType(Violation.WrongTotal.class);
    }

    @Test
    void aConfirmedTransactionThatIsNotThereIsFound() {
        whole.removeIf(leg -> leg.attempt().equals("a-1"));
        orders = Set.of(2L, 3L);
        assertThat(check()).containsExactly(new Violation.TornTransaction("final", "a-1", 0, 2));
    }

    @Test
    void anOrderThatIsCarriedOutTwiceIsFound() {
        commit("a-3", 2);
        transfer("a-3", 2, 8, 30);
        assertThat(check()).hasOnlyElementsOfType(Violation.TransferredTwice.class).hasSize(2);
    }

    @Test
    void anOrderThatIsNotCarriedOutIsFound() {
        orders = Set.of(1L, 2L, 3L, 4L);
        assertThat(check()).containsExactly(new Violation.NotTransferred("final", 4));
    }

    @Test
    void anotherRecordAtTheSameOffsetIsFound() {
        TransferLeg known = whole.getFirst();
        assertThat(checkLive(leg(0, known.offset(), "a-1", 1, 0, -11)))
                .hasOnlyElementsOfType(Violation.LegsDiffer.class)
                .hasSize(1);
    }
}
