package io.headrace.testkit.history;

import io.headrace.testkit.history.Violation.DifferentRecords;
import io.headrace.testkit.history.Violation.Duplicate;
import io.headrace.testkit.history.Violation.Lost;
import io.headrace.testkit.history.Violation.MovedOffset;
import io.headrace.testkit.history.Violation.NeverSent;
import io.headrace.testkit.history.Violation.OffsetWentBack;
import io.headrace.testkit.history.Violation.Reordered;
import io.headrace.testkit.history.Violation.Resurrected;
import io.headrace.testkit.history.Violation.Vanished;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Finds every broken promise in the journals of a long run.
 *
 * <p>The final readings are of readers who read every partition from its start to its end after all
 * faults were over. The live readings are what readers were given while the faults were going on,
 * each without a break: a reader that starts anew begins another one. Records that were sent and
 * never acknowledged may be there or not, once.
 */
public final class JournalChecker {
    private static final int MOST_OF_A_KIND = 100;

    private record Place(String topic, int partition) {}

    private final Map<Integer, ProducerJournal> journals = new HashMap<>();
    private final List<Violation> violations = new ArrayList<>();
    private final Map<Class<?>, Integer> counts = new HashMap<>();

    private JournalChecker(List<ProducerJournal> journals) {
        journals.forEach(journal -> this.journals.put(journal.id(), journal));
    }

    /** The violations, at most a hundred of each kind; none for a good history. */
    public static List<Violation> check(
            List<ProducerJournal> journals,
            List<PartitionReading> finalReadings,
            List<PartitionReading> liveReadings) {
        JournalChecker checker = new JournalChecker(journals);
        Map<Place, PartitionReading> truth = new TreeMap<>(JournalChecker::compare);
        for (PartitionReading reading : finalReadings) {
            checker.checkAlone(reading);
            PartitionReading other = truth.putIfAbsent(placeOf(reading), reading);
            if (other == null) {
                checker.checkOnce(reading);
            } else {
                checker.checkSame(other, reading);
                checker.checkSame(reading, other);
            }
        }
        for (PartitionReading reading : liveReadings) {
            checker.checkAlone(reading);
            PartitionReading whole = truth.get(placeOf(reading));
            if (whole != null) {
                checker.checkSame(reading, whole);
                checker.checkNothingCameBetween(reading, whole);
            }
        }
        for (ProducerJournal journal : journals) {
            checker.checkNothingIsLost(journal, truth);
        }
        return List.copyOf(checker.violations);
    }

    private static int compare(Place one, Place other) {
        int byTopic = one.topic().compareTo(other.topic());
        return byTopic != 0 ? byTopic : Integer.compare(one.partition(), other.partition());
    }

    private static Place placeOf(PartitionReading reading) {
        return new Place(reading.topic(), reading.partition());
    }

    private void add(Violation violation) {
        if (counts.merge(violation.getClass(), 1, Integer::sum) <= MOST_OF_A_KIND) {
            violations.add(violation);
        }
    }

    private ReadRecord record(PartitionReading reading, int index) {
        long code = reading.code(index);
        ProducerJournal journal = journals.get(RecordCode.producerId(code));
        String producer =
                journal == null ? "producer-" + RecordCode.producerId(code) : journal.producer();
        return new ReadRecord(
                reading.reader(),
                reading.topic(),
                reading.partition(),
                reading.offset(index),
                new SentRecord(
                        producer, RecordCode.sequence(code), reading.topic(), reading.partition()));
    }

    /** What each reading must be by itself: of records that were sent, at ascending offsets. */
    private void checkAlone(PartitionReading reading) {
        for (int i = 0; i < reading.count(); i++) {
            long code = reading.code(i);
            ProducerJournal journal = journals.get(RecordCode.producerId(code));
            if (journal == null
                    || !journal.topic().equals(reading.topic())
                    || !journal.hasSent(RecordCode.sequence(code), reading.partition())) {
                add(new NeverSent(record(reading, i)));
            }
            if (i > 0 && reading.offset(i - 1) >= reading.offset(i)) {
                add(new OffsetWentBack(record(reading, i - 1), record(reading, i)));
            }
        }
    }

    /** A whole reading has each record once, and each producer's in order. */
    private void checkOnce(PartitionReading reading) {
        Map<Long, Integer> given = HashMap.newHashMap(reading.count());
        Map<Integer, Integer> newest = new HashMap<>();
        for (int i = 0; i < reading.count(); i++) {
            long code = reading.code(i);
            Integer first = given.putIfAbsent(code, i);
            if (first != null) {
                add(new Duplicate(record(reading, first), record(reading, i)));
                continue;
            }
            Integer before = newest.get(RecordCode.producerId(code));
            if (before != null
                    && RecordCode.sequence(reading.code(before)) > RecordCode.sequence(code)) {
                add(new Reordered(record(reading, before), record(reading, i)));
            } else {
                newest.put(RecordCode.producerId(code), i);
            }
        }
    }

    /** Everything in one reading is in the whole one, at its offset. */
    private void checkSame(PartitionReading reading, PartitionReading whole) {
        for (int i = 0; i < reading.count(); i++) {
            int there = whole.indexOf(reading.offset(i));
            if (there < 0) {
                add(new Vanished(record(reading, i), whole.reader()));
            } else if (whole.code(there) != reading.code(i)) {
                add(new DifferentRecords(record(reading, i), record(whole, there)));
            }
        }
    }

    /** Between two records that a reader was given one after the other there is none. */
    private void checkNothingCameBetween(PartitionReading reading, PartitionReading whole) {
        for (int i = 1; i < reading.count(); i++) {
            int before = whole.indexOf(reading.offset(i - 1));
            int here = whole.indexOf(reading.offset(i));
            if (before >= 0 && here > before + 1) {
                add(new Resurrected(reading.reader(), record(whole, before + 1)));
            }
        }
    }

    private void checkNothingIsLost(ProducerJournal journal, Map<Place, PartitionReading> truth) {
        Map<Integer, Map<Long, Long>> found = new HashMap<>();
        for (long sequence = 0; sequence < journal.count(); sequence++) {
            long offset = journal.offsetOf(sequence);
            if (offset < 0) {
                continue;
            }
            int partition = journal.partitionOf(sequence);
            long code = RecordCode.of(journal.id(), sequence);
            Acknowledgement promise = new Acknowledgement(journal.record(sequence), offset);
            PartitionReading whole = truth.get(new Place(journal.topic(), partition));
            if (whole == null) {
                add(new Lost("nobody", promise));
            } else {
                checkKept(promise, code, whole, found);
            }
        }
    }

    private void checkKept(
            Acknowledgement promise,
            long code,
            PartitionReading whole,
            Map<Integer, Map<Long, Long>> found) {
        int there = whole.indexOf(promise.offset());
        if (there >= 0 && whole.code(there) == code) {
            return;
        }
        Long elsewhere = found.computeIfAbsent(whole.partition(), key -> byCode(whole)).get(code);
        add(
                elsewhere == null
                        ? new Lost(whole.reader(), promise)
                        : new MovedOffset(promise, record(whole, whole.indexOf(elsewhere))));
    }

    private static Map<Long, Long> byCode(PartitionReading whole) {
        Map<Long, Long> offsets = HashMap.newHashMap(whole.count());
        for (int i = 0; i < whole.count(); i++) {
            offsets.put(whole.code(i), whole.offset(i));
        }
        return offsets;
    }
}
