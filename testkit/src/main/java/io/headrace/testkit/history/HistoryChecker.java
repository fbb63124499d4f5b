package io.headrace.testkit.history;

import io.headrace.testkit.history.Violation.DifferentRecords;
import io.headrace.testkit.history.Violation.Duplicate;
import io.headrace.testkit.history.Violation.Lost;
import io.headrace.testkit.history.Violation.MovedOffset;
import io.headrace.testkit.history.Violation.NeverSent;
import io.headrace.testkit.history.Violation.OffsetWentBack;
import io.headrace.testkit.history.Violation.Reordered;
import io.headrace.testkit.history.Violation.SharedOffset;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds every broken promise in a history.
 *
 * <p>Expects that every reader read every partition of the history from its start to its end.
 * Records that were sent and never acknowledged may be there or not, once.
 */
public final class HistoryChecker {
    private record Place(String topic, int partition, long offset) {}

    private record ReaderAndRecord(String reader, SentRecord record) {}

    private record Stream(String reader, String topic, int partition) {}

    private record ProducerStream(Stream stream, String producer) {}

    private final History history;
    private final Set<Violation> violations = new LinkedHashSet<>();

    private HistoryChecker(History history) {
        this.history = history;
    }

    /** The violations, in the order in which they were found; none for a good history. */
    public static List<Violation> check(History history) {
        HistoryChecker checker = new HistoryChecker(history);
        checker.checkAcknowledgements();
        checker.checkEachReader();
        checker.checkReadersAgree();
        checker.checkNothingIsLost();
        return List.copyOf(checker.violations);
    }

    private void checkAcknowledgements() {
        Map<Place, Acknowledgement> taken = new HashMap<>();
        for (Acknowledgement later : history.acknowledged()) {
            Acknowledgement earlier = taken.putIfAbsent(placeOf(later), later);
            if (earlier != null && !earlier.equals(later)) {
                violations.add(new SharedOffset(earlier, later));
            }
        }
    }

    private void checkEachReader() {
        Map<Stream, ReadRecord> latest = new HashMap<>();
        Map<ProducerStream, ReadRecord> newest = new HashMap<>();
        Map<ReaderAndRecord, ReadRecord> given = new HashMap<>();
        for (ReadRecord read : history.read()) {
            checkWasSent(read);
            Stream stream = new Stream(read.reader(), read.topic(), read.partition());
            ReadRecord before = latest.put(stream, read);
            if (before != null && before.offset() >= read.offset()) {
                violations.add(new OffsetWentBack(before, read));
            }
            ReadRecord first =
                    given.putIfAbsent(new ReaderAndRecord(read.reader(), read.content()), read);
            if (first != null) {
                violations.add(new Duplicate(first, read));
                continue;
            }
            ProducerStream producer = new ProducerStream(stream, read.content().producer());
            ReadRecord earlier = newest.get(producer);
            if (earlier == null || earlier.content().sequence() < read.content().sequence()) {
                newest.put(producer, read);
            } else {
                violations.add(new Reordered(earlier, read));
            }
        }
    }

    private void checkWasSent(ReadRecord read) {
        SentRecord content = read.content();
        if (!history.sent().contains(content)
                || !content.topic().equals(read.topic())
                || content.partition() != read.partition()) {
            violations.add(new NeverSent(read));
        }
    }

    private void checkReadersAgree() {
        Map<Place, ReadRecord> seen = new HashMap<>();
        for (ReadRecord read : history.read()) {
            Place place = new Place(read.topic(), read.partition(), read.offset());
            ReadRecord other = seen.putIfAbsent(place, read);
            if (other != null && !other.content().equals(read.content())) {
                violations.add(new DifferentRecords(other, read));
            }
        }
    }

    private void checkNothingIsLost() {
        Map<ReaderAndRecord, List<ReadRecord>> given = new HashMap<>();
        Set<String> readers = new LinkedHashSet<>();
        for (ReadRecord read : history.read()) {
            readers.add(read.reader());
            given.computeIfAbsent(
                            new ReaderAndRecord(read.reader(), read.content()),
                            key -> new ArrayList<>())
                    .add(read);
        }
        if (readers.isEmpty()) {
            readers.add("nobody");
        }
        for (Acknowledgement promise : new LinkedHashSet<>(history.acknowledged())) {
            for (String reader : readers) {
                List<ReadRecord> found =
                        given.getOrDefault(new ReaderAndRecord(reader, promise.sent()), List.of());
                if (found.isEmpty()) {
                    violations.add(new Lost(reader, promise));
                } else if (found.stream().noneMatch(read -> read.offset() == promise.offset())) {
                    violations.add(new MovedOffset(promise, found.getFirst()));
                }
            }
        }
    }

    private static Place placeOf(Acknowledgement one) {
        return new Place(one.sent().topic(), one.sent().partition(), one.offset());
    }
}
