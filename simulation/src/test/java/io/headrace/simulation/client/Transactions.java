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
 * who reads committed ones, a transaction is read whole or not at all, the offset that it committed
 * for a group with it, and no producer epoch is given twice.
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
        private long offset = NO_OFFSET;

        Transaction(String name) {
            this.name = name;
        }

        @Override
        public String toString() {
            return name + " (" + outcome + ", records " + codes + ", offset " + offset + ")";
        }
    }

    private static final long NO_OFFSET = -1;

    /** The offset of a producer's group, as far as is known. */
    private static final class Group {
        private long committed = NO_OFFSET;

        /** Transactions with an offset, later than the committed one, whose end is not known. */
        private final List<Transaction> uncertain = new ArrayList<>();
    }

    private record Place(TopicPartition partition, long offset) {}

    private final Map<Long, Transaction> byCode = new HashMap<>();
    private final Map<Place, Long> seen = new HashMap<>();
    private final Map<String, Set<Identity>> identities = new HashMap<>();
    private final Map<String, Identity> newest = new HashMap<>();
    private final Map<String, Transaction> current = new HashMap<>();
    private final List<Transaction> all = new ArrayList<>();
    private final Map<String, Group> groups = new HashMap<>();
    private long nextCode;
    private long nextOffset;
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

    /** A new offset of the producer's group, which is about to be sent. */
    long onCommittingOffset(String transactionalId) {
        long offset = ++nextOffset;
        currentOf(transactionalId).offset = offset;
        return offset;
    }

    /** The end was acknowledged. */
    void onEnded(String transactionalId, boolean commits) {
        Transaction ended = currentOf(transactionalId);
        ended.outcome = commits ? Outcome.COMMITTED : Outcome.ABORTED;
        current.remove(transactionalId);
        if (commits && ended.offset != NO_OFFSET) {
            Group group = groupOf(transactionalId);
            group.committed = ended.offset;
            group.uncertain.clear();
        }
    }

    private Group groupOf(String transactionalId) {
        return groups.computeIfAbsent(transactionalId, id -> new Group());
    }

    /**
     * Notes the offset that the producer's group has while no transaction of it is open: it is that
     * of the last committed one. Which of the uncertain ones were committed is known then.
     */
    void onOffsetRead(String transactionalId, long offset) {
        checks++;
        Group group = groupOf(transactionalId);
        boolean known = offset == group.committed;
        for (Transaction each : group.uncertain) {
            if (each.offset == offset) {
                each.outcome = Outcome.COMMITTED;
                known = true;
            } else if (each.offset > offset) {
                each.outcome = Outcome.ABORTED;
            }
        }
        if (!known) {
            throw new AssertionError(
                    "a transactional offset is wrong: the group of %s has %d, committed was %d, uncertain are %s"
                            .formatted(transactionalId, offset, group.committed, group.uncertain));
        }
        group.committed = offset;
        group.uncertain.clear();
    }

    /** The producer was fenced, or gave its transaction up. */
    void onGivenUp(String transactionalId) {
        Transaction left = current.remove(transactionalId);
        if (left != null) {
            left.outcome = left.mayCommit ? Outcome.EITHER : Outcome.ABORTED;
            if (left.mayCommit && left.offset != NO_OFFSET) {
                groupOf(transactionalId).uncertain.add(left);
            }
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
