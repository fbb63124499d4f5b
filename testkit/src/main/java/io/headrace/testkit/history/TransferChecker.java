package io.headrace.testkit.history;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Compares what read-committed readers were given of transfers with what their writers know.
 *
 * <p>Every reader: no record of a transaction that was not committed, no leg twice, no order in two
 * transactions, the same record at the same offset as every other reader. Readers of everything:
 * each transaction whole or not at all, each that was confirmed whole, no money made or lost, every
 * order carried out.
 */
public final class TransferChecker {
    private static final int MOST_OF_A_KIND = 1_000;

    private final Map<String, TransferJournal.Attempt> attempts;
    private final List<Violation> violations = new ArrayList<>();
    private final Map<Class<?>, Integer> counts = new HashMap<>();
    private final Map<Place, TransferLeg> truth = new HashMap<>();

    private record Place(int partition, long offset) {}

    private record Side(long order, int side) {}

    private TransferChecker(Map<String, TransferJournal.Attempt> attempts) {
        this.attempts = attempts;
    }

    /**
     * Finds what is wrong.
     *
     * @param orders what was to be carried out and must have been
     * @param whole readings from the start to the end, after everything was over; at least one
     * @param live readings meanwhile, each without a break
     */
    public static List<Violation> check(
            TransferJournal journal,
            Set<Long> orders,
            List<List<TransferLeg>> whole,
            List<List<TransferLeg>> live) {
        TransferChecker checker = new TransferChecker(journal.all());
        for (List<TransferLeg> reading : whole) {
            checker.checkAlone(reading);
            checker.checkWhole(reading);
            checker.checkOrders(reading, orders);
        }
        for (TransferLeg leg : whole.getFirst()) {
            checker.truth.put(new Place(leg.partition(), leg.offset()), leg);
        }
        for (List<TransferLeg> reading : live) {
            checker.checkAlone(reading);
            checker.checkSame(reading);
        }
        for (List<TransferLeg> reading : whole) {
            checker.checkSame(reading);
        }
        return List.copyOf(checker.violations);
    }

    private void add(Violation violation) {
        if (counts.merge(violation.getClass(), 1, Integer::sum) <= MOST_OF_A_KIND) {
            violations.add(violation);
        }
    }

    private void checkAlone(List<TransferLeg> reading) {
        Map<Side, TransferLeg> given = new HashMap<>();
        for (TransferLeg leg : reading) {
            TransferJournal.Attempt attempt = attempts.get(leg.attempt());
            if (attempt == null || attempt.outcome() == TransferJournal.Outcome.NOT_COMMITTED) {
                add(new Violation.UncommittedRead(leg));
            }
            TransferLeg first = given.putIfAbsent(new Side(leg.order(), leg.side()), leg);
            if (first != null) {
                add(new Violation.TransferredTwice(first, leg));
            }
        }
    }

    private void checkWhole(List<TransferLeg> reading) {
        Map<String, Integer> seen = new HashMap<>();
        long total = 0;
        for (TransferLeg leg : reading) {
            seen.merge(leg.attempt(), 1, Integer::sum);
            total += leg.amount();
        }
        String reader = nameOf(reading);
        attempts.forEach(
                (name, attempt) -> {
                    int legs = seen.getOrDefault(name, 0);
                    boolean isDue = attempt.outcome() == TransferJournal.Outcome.COMMITTED;
                    if (legs != attempt.legs() && (legs > 0 || isDue)) {
                        add(new Violation.TornTransaction(reader, name, legs, attempt.legs()));
                    }
                });
        if (total != 0) {
            add(new Violation.WrongTotal(reader, total));
        }
    }

    private void checkOrders(List<TransferLeg> reading, Collection<Long> orders) {
        Map<Long, Integer> sides = new HashMap<>();
        reading.forEach(leg -> sides.merge(leg.order(), 1, Integer::sum));
        for (long order : orders) {
            if (sides.getOrDefault(order, 0) == 0) {
                add(new Violation.NotTransferred(nameOf(reading), order));
            }
        }
    }

    private void checkSame(List<TransferLeg> reading) {
        for (TransferLeg leg : reading) {
            TransferLeg there = truth.get(new Place(leg.partition(), leg.offset()));
            if (there == null || !there.hasSameContent(leg)) {
                add(new Violation.LegsDiffer(leg, there));
            }
        }
    }

    private static String nameOf(List<TransferLeg> reading) {
        return reading.isEmpty() ? "a reader of nothing" : reading.getFirst().reader();
    }
}
