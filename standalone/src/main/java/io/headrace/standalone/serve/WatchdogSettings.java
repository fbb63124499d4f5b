package io.headrace.standalone.serve;

import org.springframework.boot.convert.DurationStyle;

import java.time.Duration;

/**
 * How a process of a service is watched for hanging.
 *
 * @param timeout how long it may give no sign of life before it is ended and started again; zero
 *     for ever
 * @param directory where it is noted which process runs and which one watches it; empty for none
 */
public record WatchdogSettings(Duration timeout, String directory) {
    /** The property with the time. */
    public static final String TIMEOUT = "headrace.watchdog.timeout";

    /** The property with the directory. */
    public static final String DIRECTORY = "headrace.watchdog.directory";

    /**
     * The file in the directory with the process that watches now, or has just ended the one it
     * watched and takes its place.
     */
    public static final String WATCHDOG_FILE = "watchdog";

    /** The file in the directory with the process that took the place of one that hung. */
    public static final String PROCESS_FILE = "pid";

    /** With the 0.7 s that a killed leader takes it leaves a margin to 4 s. */
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(2);

    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofHours(1);

    /**
     * Reads a time such as {@code 2s}; a number alone is in milliseconds.
     *
     * @throws IllegalArgumentException if it is none, or out of bounds
     */
    public static Duration parseTimeout(String text) {
        Duration timeout;
        try {
            timeout = DurationStyle.detectAndParse(text.strip());
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new IllegalArgumentException(
                    TIMEOUT + " must be a time such as 2s, not '" + text + "'", e);
        }
        if (!timeout.isZero()
                && (timeout.compareTo(SHORTEST) < 0 || timeout.compareTo(LONGEST) > 0)) {
            throw new IllegalArgumentException(
                    TIMEOUT + " must be 0 (never) or from 1s to 1h, not " + text);
        }
        return timeout;
    }
}
