package io.headrace.gateway.record;

import io.headrace.client.consume.ConsumedRecord;

import org.jspecify.annotations.Nullable;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The JSON of small records that were written last, so that a record which goes to many subscribers
 * is written once and copied for the others.
 *
 * <p>Bounded: {@value #SLOTS} records whose JSON has at most {@value #MAX_BYTES} bytes; nothing is
 * kept of a record that only one subscriber gets. Any thread; when two write the same record at
 * once, one of them did so in vain.
 */
public final class WrittenRecords {
    static final int SLOTS = 2048;
    static final int MAX_BYTES = 2048;

    private final AtomicReferenceArray<@Nullable Written> slots = new AtomicReferenceArray<>(SLOTS);

    /** Null JSON: it was written for one subscriber only, so far. */
    @SuppressWarnings("ArrayRecordComponent") // Copied from, never compared.
    private record Written(ConsumedRecord record, Representation as, byte @Nullable [] json) {
        @SuppressWarnings(
                "ReferenceEquality") // Equal bytes are not looked for, the same object is.
        boolean isOf(ConsumedRecord other, Representation wanted) {
            return record == other && as == wanted;
        }
    }

    /** Writes a record as {@link RecordWriter} does. */
    public void write(JsonOutput out, ConsumedRecord record, Representation as) {
        // Records of one partition lie side by side.
        int slot = (int) (record.offset() + 31L * record.partition()) & (SLOTS - 1);
        Written known = slots.get(slot);
        boolean again = known != null && known.isOf(record, as);
        byte[] json = again ? known.json() : null;
        if (json != null) {
            out.raw(json);
            return;
        }
        int before = out.length();
        RecordWriter.write(out, record, as);
        if (out.length() - before <= MAX_BYTES) {
            slots.set(slot, new Written(record, as, again ? out.from(before) : null));
        }
    }
}
