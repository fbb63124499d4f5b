package io.headrace.storage.share;

import java.time.Duration;
import java.time.format.DateTimeParseException;

/** Where a share partition that was never read begins ({@code share.auto.offset.reset}). */
public sealed interface OffsetReset {

    /** At the first record there is. */
    record Earliest() implements OffsetReset {}

    /** At the next record that is written. */
    record Latest() implements OffsetReset {}

    /** At the first record that is not older. */
    record ByDuration(Duration age) implements OffsetReset {}

    /**
     * Reads the config's value: earliest, latest or by_duration:PnDTnHnMn.nS.
     *
     * @throws IllegalArgumentException if it is none of these
     */
    static OffsetReset of(String value) {
        if (value.equals("earliest")) {
            return new Earliest();
        }
        if (value.equals("latest")) {
            return new Latest();
        }
        String prefix = "by_duration:";
        if (value.startsWith(prefix)) {
            try {
                Duration age = Duration.parse(value.substring(prefix.length()));
                if (!age.isNegative()) {
                    return new ByDuration(age);
                }
            } catch (DateTimeParseException e) {
                throw new IllegalArgumentException("Not an ISO 8601 duration: " + value, e);
            }
        }
        throw new IllegalArgumentException("No offset reset: " + value);
    }
}
