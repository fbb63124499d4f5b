package io.headrace.testkit.history;

import org.jspecify.annotations.Nullable;

/** A broken promise, found in a {@link History}. */
public sealed interface Violation {
    /** Acknowledged, and yet a reader who went on to the end was not given it. */
    record Lost(String reader, Acknowledgement acknowledgement) implements Violation {}

    /** Given twice to one reader, at two offsets. */
    record Duplicate(ReadRecord first, ReadRecord second) implements Violation {}

    /** Given to a reader after a record that its producer sent later. */
    record Reordered(ReadRecord earlier, ReadRecord later) implements Violation {}

    /** Acknowledged at one offset and read at another. */
    record MovedOffset(Acknowledgement acknowledgement, ReadRecord read) implements Violation {}

    /** Two different records acknowledged at one offset. */
    record SharedOffset(Acknowledgement one, Acknowledgement other) implements Violation {}

    /** Two readers were given different records at one offset. */
    record DifferentRecords(ReadRecord one, ReadRecord other) implements Violation {}

    /** A reader was given an offset that is not above the one before. */
    record OffsetWentBack(ReadRecord before, ReadRecord after) implements Violation {}

    /** Read, but never sent to this partition: a ghost, or a record of a deleted topic. */
    record NeverSent(ReadRecord read) implements Violation {}

    /** Given to a reader and not there for a later one who read everything. */
    record Vanished(ReadRecord read, String laterReader) implements Violation {}

    /** There for a later reader, between two records that an earlier one was given in a row. */
    record Resurrected(String earlierReader, ReadRecord read) implements Violation {}

    /** Two replicas of a partition hold different batches at one offset. */
    record Diverging(String partition, String one, String other, long offset)
            implements Violation {}

    /** A workload made no progress for longer than it may. */
    record Stalled(String workload, double fromSeconds, double seconds) implements Violation {}

    /** A read-committed reader was given a record of a transaction that was never committed. */
    record UncommittedRead(TransferLeg leg) implements Violation {}

    /** A transaction was seen in part, or not at all though its commit was confirmed. */
    record TornTransaction(String reader, String attempt, int seen, int legs)
            implements Violation {}

    /** One order was carried out twice. */
    record TransferredTwice(TransferLeg first, TransferLeg second) implements Violation {}

    /** An order was read, its offset committed, and nothing transferred. */
    record NotTransferred(String reader, long order) implements Violation {}

    /** Money was made or lost. */
    record WrongTotal(String reader, long total) implements Violation {}

    /** Two readers were given different transfers at one offset, or one of them nothing. */
    record LegsDiffer(TransferLeg one, @Nullable TransferLeg other) implements Violation {}
}
