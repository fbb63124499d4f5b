package io.headrace.testkit.history;

import java.util.Arrays;

/**
 * What one reader was given of one partition, without a break, in sixteen bytes a record. Confined
 * to the reader's thread until it is checked.
 */
public final class PartitionReading {
    private final String reader;
    private final String topic;
    private final int partition;
    private long[] offsets = new long[1 << 8];
    private long[] codes = new long[1 << 8];
    private int count;

    public PartitionReading(String reader, String topic, int partition) {
        this.reader = reader;
        this.topic = topic;
        this.partition = partition;
    }

    /**
     * Notes a record.
     *
     * @param code its value, a {@link RecordCode}
     */
    public void read(long offset, long code) {
        if (count == offsets.length) {
            offsets = Arrays.copyOf(offsets, count * 2);
            codes = Arrays.copyOf(codes, count * 2);
        }
        offsets[count] = offset;
        codes[count++] = code;
    }

    public String reader() {
        return reader;
    }

    public String topic() {
        return topic;
    }

    public int partition() {
        return partition;
    }

    /** How many records were given. */
    public int count() {
        return count;
    }

    long offset(int index) {
        return offsets[index];
    }

    long code(int index) {
        return codes[index];
    }

    /** The index of an offset, or a negative number when it is not there; offsets ascend. */
    int indexOf(long offset) {
        return Arrays.binarySearch(offsets, 0, count, offset);
    }
}
