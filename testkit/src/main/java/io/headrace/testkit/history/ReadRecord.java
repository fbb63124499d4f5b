package io.headrace.testkit.history;

/**
 * One record as a reader was given it.
 *
 * @param reader who read; each reader goes through a partition once, from its start
 */
public record ReadRecord(
        String reader, String topic, int partition, long offset, SentRecord content) {
    @Override
    public String toString() {
        return content + " at offset " + offset + " by " + reader;
    }
}
