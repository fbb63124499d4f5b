package io.headrace.testkit.history;

import java.util.List;
import java.util.Set;

/**
 * What happened between clients and the platform.
 *
 * @param sent every record handed to a producer, acknowledged or not
 * @param acknowledged every acknowledgement, in the order in which it came
 * @param read everything that the readers were given, in the order of each reader
 */
public record History(
        Set<SentRecord> sent, List<Acknowledgement> acknowledged, List<ReadRecord> read) {
    public History {
        sent = Set.copyOf(sent);
        acknowledged = List.copyOf(acknowledged);
        read = List.copyOf(read);
    }
}
