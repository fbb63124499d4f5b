package io.headrace.coordinator.group.consumer;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.List;

/**
 * What a member that still speaks the classic protocol said besides its subscription.
 *
 * @param protocols in its order of preference
 */
public record ClassicFacts(int sessionTimeoutMs, List<Protocol> protocols) {

    /** A protocol that it supports, and its metadata for it. */
    @SuppressWarnings("ArrayRecordComponent") // equals and hashCode compare content
    public record Protocol(String name, byte[] metadata) {
        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Protocol(String otherName, byte[] otherMetadata)
                    && name.equals(otherName)
                    && Arrays.equals(metadata, otherMetadata);
        }

        @Override
        public int hashCode() {
            return 31 * name.hashCode() + Arrays.hashCode(metadata);
        }
    }
}
