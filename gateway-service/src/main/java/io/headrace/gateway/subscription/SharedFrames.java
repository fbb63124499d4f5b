package io.headrace.gateway.subscription;

import io.headrace.gateway.fanout.Delivery;
import io.headrace.gateway.record.Representation;
import io.headrace.gateway.record.TopicCatalog.TopicShape;
import io.headrace.gateway.record.WrittenRecords;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;

/**
 * The frames of records that were written last: a delivery that goes to many subscribers under one
 * name is written once, into memory that the network takes as it is.
 *
 * <p>Bounded: {@value #SLOTS} frames of at most {@value #MAX_BYTES} bytes outside the heap; no
 * frame is kept that only one subscriber gets. Any thread; when two write the same frame at once,
 * one of them did so in vain.
 */
final class SharedFrames {
    static final int SLOTS = 32;
    static final int MAX_BYTES = 128 << 10;

    private final WrittenRecords written;
    private final AtomicReferenceArray<@Nullable Shared> slots = new AtomicReferenceArray<>(SLOTS);

    /**
     * @param written the records that were written last, for subscribers whose frames differ
     */
    SharedFrames(WrittenRecords written) {
        this.written = written;
    }

    /** Null frame: it was written for one subscriber only, so far. */
    private record Shared(
            Delivery delivery,
            String sub,
            Representation as,
            List<TopicShape> topics,
            @Nullable ByteBuffer frame) {
        @SuppressWarnings(
                "ReferenceEquality") // Equal deliveries are not looked for, the same one is.
        boolean isOf(
                Delivery other, String name, Representation wanted, List<TopicShape> theirTopics) {
            return delivery == other
                    && as == wanted
                    && sub.equals(name)
                    && topics.equals(theirTopics);
        }
    }

    /**
     * A frame with the records of a delivery. It is read only, and only by its own place and limit.
     *
     * @param topics the topics from which, with the delivery, the cursor follows; null when it does
     *     not follow from these alone
     */
    ByteBuffer records(
            String sub,
            Representation as,
            Delivery delivery,
            Supplier<String> cursor,
            @Nullable List<TopicShape> topics) {
        if (topics == null) {
            return ServerFrames.records(sub, delivery, as, cursor.get(), written);
        }
        int slot = 31 * (31 * System.identityHashCode(delivery) + sub.hashCode()) + as.hashCode();
        slot = (slot ^ (slot >>> 16)) & (SLOTS - 1);
        Shared known = slots.get(slot);
        boolean again = known != null && known.isOf(delivery, sub, as, topics);
        ByteBuffer frame = again ? known.frame() : null;
        if (frame != null) {
            return frame.duplicate();
        }
        frame = ServerFrames.records(sub, delivery, as, cursor.get(), written);
        if (frame.remaining() <= MAX_BYTES) {
            slots.set(slot, new Shared(delivery, sub, as, topics, again ? direct(frame) : null));
        }
        return frame;
    }

    private static ByteBuffer direct(ByteBuffer frame) {
        ByteBuffer direct = ByteBuffer.allocateDirect(frame.remaining());
        return direct.put(frame.duplicate()).flip();
    }
}
