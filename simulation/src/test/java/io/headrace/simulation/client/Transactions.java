package io.headrace.simulation.client;

import org.apache.kafka.common.TopicPartition;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the transactional producers of a run did and were told: no aborted record is ever given to
 * who reads committed ones, a transaction is read whole or not at all, and no producer epoch is
 * given twice.
 */
public final class Transactions {
    /** What is known of a transaction's end. */
    private enum Outcome {
        OPEN,
        COMMITTED,
        ABORTED,
        /** Its commit was asked for and never answered. */
        EITHER
    }

    private record Identity(long producerId, short producerEpoch) {}

    private static final class Transaction {
        private final String name;
        private final List<Long> codes = new ArrayList<>();
        private Outcome outcome = Outcome.OPEN;
        private boolean mayCommit;

        Transaction(String name) {
            this.name = name;
        }

        @Override
        public String toString() {
            return name + " (" + outcome + ", records " + codes + ")";
        }
    }

    private record Place(TopicPartition partition, long offset) {}

    private final Map<Long, Transaction> byCode = new HashMap<>();
    private final Map<Place, Long> seen = new HashMap<>();
    private final Map<String, Set<Identity>> identities = new HashMap<>();
    private final Map<String, Identity> newest = new HashMap<>();
    private final Map<String, Transaction> current = new HashMap<>();
    private final List<Transaction> all = new ArrayList<>();
    private long nextCode;
    private long checks;

    /** How often something was compared. */
    public long checks() {
        return checks;
    }

    /** A producer was given its identity, for its next transactions. */
    void onIdentity(String transactionalId, long producerId, short producerEpoch) {
        checks++;
        Identity given = new Identity(producerId, producerEpoch);
        Identity before = newest.put(transactionalId, given);
        boolean isNew =
                identities.computeIfAbsent(transactionalId, id -> new HashSet<>()).add(given);
        boolean rises =
                before == null
                        || before.producerId() != producerId
                        || before.producerEpoch() < producerEpoch;
        if (!isNew || !rises) {
            throw new AssertionError(
                    "a producer epoch was given again: %s got %s after %s"
                            .formatted(transactionalId, given, before));
        }
    }

    void onBegin(String transactionalId) {
        Transaction begun = new Transaction(transactionalId + "#" + all.size());
        all.add(begun);
        current.put(transactionalId, begun);
    }

    /** A record that is about to be sent; the code is its value. */
    long onSending(String transactionalId) {
        Transaction transaction = currentOf(transactionalId);
        long code = ++nextCode;
        transaction.codes.add(code);
        byCode.put(code, transaction);
        return code;
    }

    /** The end is asked for. */
    void onEnding(String transactionalId, boolean commits) {
        currentOf(transactionalId).mayCommit |= commits;
    }

    /** The end was acknowledged. */
    void onEnded(String transactionalId, boolean commits) {
        currentOf(transactionalId).outcome = commits ? Outcome.COMMITTED : Outcome.ABORTED;
        current.remove(transactionalId);
    }

    /** The producer was fenced, or gave its transaction up. */
    void onGivenUp(String transactionalId) {
        Transaction left = current.remove(transactionalId);
        if (left != null) {
            left.outcome = left.mayCommit ? Outcome.EITHER : Outcome.ABORTED;
        }
    }

    private Transaction currentOf(String transactionalId) {
        Transaction transaction = current.get(transactionalId);
        if (transaction == null) {
            throw new IllegalStateException(transactionalId + " has no transaction");
        }
        return transaction;
    }

    /** Notes what a reader of committed records was given. */
    void onRead(TopicPartition partition, long offset, long code) {
        checks++;
        Transaction transaction = byCode.get(code);
        if (transaction == null) {
            throw new AssertionError("a record that nobody sent: " + code);
        }
        if (!transaction.mayCommit) {
            throw new AssertionError(
                    "a record that is not committed was read: %d of %s at offset %d of %s"
                            .formatted(code, transaction, offset, partition));
        }
        Long before = seen.putIfAbsent(new Place(partition, offset), code);
        if (before != null && before != code) {
            throw new AssertionError(
                    "two readers see different records: %s at offset %d is %d and %d"
                            .formatted(partition, offset, before, code));
        }
    }

    /** Compares what was read, from start to end of everything, when all transactions are over. */
    public void check(List<Long> read) {
        Set<Long> once = new HashSet<>();
        for (long code : read) {
            if (!once.add(code)) {
                throw new AssertionError(
                        "a record was read twice: " + code + " of " + byCode.get(code));
            }
        }
        for (Transaction transaction : all) {
            checks++;
            long there = transaction.codes.stream().filter(once::contains).count();
            boolean none = there == 0;
            boolean whole = there == transaction.codes.size();
            boolean good =
                    switch (transaction.outcome) {
                        case COMMITTED -> whole;
                        case ABORTED -> none;
                        case OPEN, EITHER -> none || whole;
                    };
            if (!good) {
                throw new AssertionError(
                        "a transaction is torn: %d of %d records of %s are read"
                                .formatted(there, transaction.codes.size(), transaction));
            }
        }
    }

    /** How many transactions were committed for certain. */
    public long committed() {
        return all.stream().filter(each -> each.outcome == Outcome.COMMITTED).count();
    }
}
