package io.headrace.protocol.batch;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.Objects;

/** A header of a record: a name, which may repeat, and bytes or none. The array is not copied. */
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode compare content; a copy would cost
public record RecordHeader(String key, byte @Nullable [] value) {
    // Written out: of a compact constructor, the compiler loses that value may be null.
    public RecordHeader(String key, byte @Nullable [] value) {
        this.key = Objects.requireNonNull(key, "key");
        this.value = value;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof RecordHeader(String otherKey, byte[] otherValue)
                && key.equals(otherKey)
                && Arrays.equals(value, otherValue);
    }

    @Override
    public int hashCode() {
        return 31 * key.hashCode() + Arrays.hashCode(value);
    }

    @Override
    public String toString() {
        return key + "=" + (value == null ? "null" : value.length + " bytes");
    }
}
