package io.headrace.gateway.record;

import java.util.Locale;
import java.util.Optional;

/** How the bytes of a record's value are shown in JSON. Every form gives the same bytes back. */
public enum Representation {
    /**
     * The shortest form that the gateway, given it back, stores as the same value: JSON objects and
     * arrays as they are, other text as a string, the rest as {@code {"base64": ...}}.
     */
    AUTO,
    /** {@code {"json": ...}}; what is no JSON as TEXT does it. */
    JSON,
    /** {@code {"text": ...}}; what is no UTF-8 as BASE64 does it. */
    TEXT,
    /** {@code {"base64": ...}}. */
    BASE64;

    /** The representation of that name, in any case. */
    public static Optional<Representation> named(String name) {
        for (Representation representation : values()) {
            if (representation.name().equalsIgnoreCase(name)) {
                return Optional.of(representation);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
