package io.headrace.testkit.history;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** What the writers of transfers know of their transactions. Thread-safe. */
public final class TransferJournal {
    private final Map<String, Attempt> attempts = new HashMap<>();

    /** How far a transaction came, as far as its writer knows. */
    public enum Outcome {
        /** Nobody asked that it be committed, and nobody ever will. */
        NOT_COMMITTED,
        /** Its commit was asked for; the answer is not known. */
        UNKNOWN,
        COMMITTED
    }

    /**
     * A transaction.
     *
     * @param legs how many records it has in all
     */
    record Attempt(int legs, Outcome outcome) {}

    /** A transaction begins. */
    public synchronized void begun(String attempt, int legs) {
        attempts.put(attempt, new Attempt(legs, Outcome.NOT_COMMITTED));
    }

    /** Its commit is about to be asked for. */
    public synchronized void committing(String attempt) {
        attempts.computeIfPresent(
                attempt, (name, known) -> new Attempt(known.legs(), Outcome.UNKNOWN));
    }

    /** Its commit was confirmed. */
    public synchronized void committed(String attempt) {
        attempts.computeIfPresent(
                attempt, (name, known) -> new Attempt(known.legs(), Outcome.COMMITTED));
    }

    /** How many transactions came so far. */
    public synchronized long count(Outcome outcome) {
        return attempts.values().stream().filter(one -> one.outcome() == outcome).count();
    }

    /** How many records a transaction has in all; -1 when there was none of that name. */
    public synchronized int legsOf(String attempt) {
        Attempt known = attempts.get(attempt);
        return known == null ? -1 : known.legs();
    }

    synchronized Map<String, Attempt> all() {
        return new TreeMap<>(attempts);
    }
}
