package io.headrace.gateway.fanout;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.List;

/**
 * The deliveries that were put together last. Readers at the same places get the same one, so that
 * what is made of it can be shared too. Bounded: {@value #KEPT} deliveries of at most {@value
 * #MAX_BYTES} bytes. Confined to the fan-out's thread.
 */
final class SharedDeliveries {
    static final int KEPT = 32;
    static final long MAX_BYTES = 256 << 10;

    private final @Nullable Shared[] kept = new @Nullable Shared[KEPT];
    private int next;
    private long contents;

    /** Where a reader is in all its partitions. */
    @SuppressWarnings("ArrayRecordComponent") // Compared by content below.
    record Start(List<TopicPartition> partitions, long[] positions, int hash) {
        static Start of(List<TopicPartition> partitions, long[] positions) {
            return new Start(partitions, positions, Arrays.hashCode(positions));
        }

        boolean isSame(Start other) {
            return hash == other.hash
                    && Arrays.equals(positions, other.positions)
                    && partitions.equals(other.partitions);
        }

        /**
         * Which partition comes first: the same for all readers at these places, and as good as
         * random from one delivery to the next, so that none is starved.
         */
        int turn() {
            int mixed = hash;
            mixed = (mixed ^ (mixed >>> 16)) * 0x85ebca6b;
            mixed = (mixed ^ (mixed >>> 13)) * 0xc2b2ae35;
            return Math.floorMod(mixed ^ (mixed >>> 16), positions.length);
        }
    }

    /**
     * A delivery.
     *
     * @param contents what the feeds held then
     * @param bytes the size of its records
     * @param complete whether it held all that there was
     * @param ends where a reader is after it, in the order of its partitions
     */
    @SuppressWarnings("ArrayRecordComponent") // Read only.
    record Shared(
            Start start,
            long contents,
            int maxRecords,
            long maxBytes,
            long bytes,
            boolean complete,
            long[] ends,
            Delivery delivery) {}

    /** The delivery for a reader at these places, or null: it has to be put together. */
    @Nullable Shared find(Start start, Demand demand) {
        for (Shared shared : kept) {
            if (shared != null && shared.start().isSame(start) && suits(shared, demand)) {
                return shared;
            }
        }
        return null;
    }

    /**
     * What was all there was suits while nothing came since. What was cut suits whoever takes as
     * much: it is what begins there, whatever came behind it.
     */
    private boolean suits(Shared shared, Demand demand) {
        return shared.complete()
                ? shared.contents() == contents
                        && shared.delivery().records().size() <= demand.maxRecords()
                        && shared.bytes() <= demand.maxBytes()
                : shared.maxRecords() == demand.maxRecords()
                        && shared.maxBytes() == demand.maxBytes();
    }

    void keep(
            Start start,
            Demand demand,
            long bytes,
            boolean complete,
            long[] ends,
            Delivery delivery) {
        if (bytes > MAX_BYTES) {
            return;
        }
        kept[next] =
                new Shared(
                        start,
                        contents,
                        demand.maxRecords(),
                        demand.maxBytes(),
                        bytes,
                        complete,
                        ends,
                        delivery);
        next = (next + 1) % KEPT;
    }

    /** A feed has more now, or less. */
    void onContentsChanged() {
        contents++;
    }

    /** Forgets all: a log may have been cut. */
    void clear() {
        Arrays.fill(kept, null);
        contents++;
    }
}
