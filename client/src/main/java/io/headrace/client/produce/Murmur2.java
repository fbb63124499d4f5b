package io.headrace.client.produce;

/** The murmur2 hash with Kafka's seed: what decides a key's partition in every Kafka client. */
public final class Murmur2 {
    private static final int SEED = 0x9747b28c;
    private static final int MULTIPLIER = 0x5bd1e995;
    private static final int ROTATION = 24;

    private Murmur2() {}

    /** The partition of a key among so many. */
    public static int toPartition(byte[] key, int partitionCount) {
        return (hash(key) & Integer.MAX_VALUE) % partitionCount;
    }

    /** The hash of all bytes. */
    public static int hash(byte[] bytes) {
        int length = bytes.length;
        int hash = SEED ^ length;
        int words = length >> 2;
        for (int i = 0; i < words; i++) {
            int at = i << 2;
            int word =
                    (bytes[at] & 0xff)
                            | ((bytes[at + 1] & 0xff) << 8)
                            | ((bytes[at + 2] & 0xff) << 16)
                            | ((bytes[at + 3] & 0xff) << 24);
            word *= MULTIPLIER;
            word ^= word >>> ROTATION;
            word *= MULTIPLIER;
            hash = (hash * MULTIPLIER) ^ word;
        }
        int tail = words << 2;
        int rest = 0;
        for (int i = length - 1; i >= tail; i--) {
            rest = (rest << 8) | (bytes[i] & 0xff);
        }
        if (tail < length) {
            hash = (hash ^ rest) * MULTIPLIER;
        }
        hash ^= hash >>> 13;
        hash *= MULTIPLIER;
        return hash ^ (hash >>> 15);
    }
}
