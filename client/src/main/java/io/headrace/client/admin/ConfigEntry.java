package io.headrace.client.admin;

import org.jspecify.annotations.Nullable;

/**
 * A configuration and where its value comes from.
 *
 * @param value null when it is sensitive or unset
 * @param documentation what it means; empty unless asked for or when the server does not say
 */
public record ConfigEntry(
        String name,
        @Nullable String value,
        Source source,
        boolean readOnly,
        boolean sensitive,
        String documentation) {

    /** Where a value comes from; the codes of DescribeConfigs. */
    public enum Source {
        UNKNOWN(0),
        TOPIC(1),
        DYNAMIC_BROKER(2),
        DYNAMIC_DEFAULT_BROKER(3),
        STATIC_BROKER(4),
        DEFAULT(5),
        DYNAMIC_BROKER_LOGGER(6),
        CLIENT_METRICS(7),
        GROUP(8);

        private final int code;

        Source(int code) {
            this.code = code;
        }

        static Source forCode(int code) {
            for (Source source : values()) {
                if (source.code == code) {
                    return source;
                }
            }
            return UNKNOWN;
        }
    }

    /** Whether nobody has set it. */
    public boolean isDefault() {
        return source == Source.DEFAULT;
    }
}
