package io.headrace.testkit.history;

/**
 * One side of a transfer of money, as a read-committed reader was given it.
 *
 * @param attempt the transaction that wrote it
 * @param order what was to be transferred; once in all transactions that count
 * @param side 0 for the account that pays, 1 for the one that is paid
 * @param amount negative for the account that pays
 */
public record TransferLeg(
        String reader,
        int partition,
        long offset,
        String attempt,
        long order,
        int side,
        long amount) {

    /** What was stored, whoever read it. */
    boolean hasSameContent(TransferLeg other) {
        return attempt.equals(other.attempt)
                && order == other.order
                && side == other.side
                && amount == other.amount;
    }
}
