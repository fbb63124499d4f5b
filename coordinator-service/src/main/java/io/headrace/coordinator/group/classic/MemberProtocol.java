package io.headrace.coordinator.group.classic;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/** A protocol that a member offers, with what it says about itself in it. */
@SuppressWarnings("ArrayRecordComponent") // equals and hashCode compare content; a copy would cost
public record MemberProtocol(String name, byte[] metadata) {
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof MemberProtocol(String otherName, byte[] otherMetadata)
                && name.equals(otherName)
                && Arrays.equals(metadata, otherMetadata);
    }

    @Override
    public int hashCode() {
        return 31 * name.hashCode() + Arrays.hashCode(metadata);
    }
}
