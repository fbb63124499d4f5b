package io.headrace.testkit.history;

/**
 * One record that a producer sent.
 *
 * @param producer who sent it; the order of one producer's records to one partition is kept
 * @param sequence counts the records of this producer from 0
 * @param topic where to
 * @param partition where to
 */
public record SentRecord(String producer, long sequence, String topic, int partition) {
    @Override
    public String toString() {
        return producer + "#" + sequence + " to " + topic + "-" + partition;
    }
}
