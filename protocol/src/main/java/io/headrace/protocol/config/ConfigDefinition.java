package io.headrace.protocol.config;

import org.jspecify.annotations.Nullable;

/**
 * One configuration: its name, type, default, rule and meaning.
 *
 * @param defaultValue the value in force when none is set, in the form {@link #check} accepts
 * @param sensitive whether the value must never be shown (none of the topic configurations is)
 * @param valid what a value must be, in words: "[0,...]" or "one of ..."
 */
public record ConfigDefinition(
        String name,
        ConfigType type,
        String defaultValue,
        boolean sensitive,
        String valid,
        String documentation,
        Rule rule) {

    /** What a value must fulfil beyond its type. */
    @FunctionalInterface
    public interface Rule {
        /**
         * Says what is wrong with the value, already known to be of the type; null when nothing is.
         */
        @Nullable String problem(String value);
    }

    /**
     * Says what is wrong with a value, in a sentence that names the configuration and what to use
     * instead; null when the value is valid.
     */
    public @Nullable String problem(@Nullable String value) {
        if (value == null) {
            return "Invalid value null for configuration " + name + ": a value is required";
        }
        String trimmed = value.trim();
        if (!type.accepts(trimmed)) {
            return "Invalid value "
                    + value
                    + " for configuration "
                    + name
                    + ": Not a "
                    + type.description();
        }
        String reason = rule.problem(trimmed);
        return reason == null
                ? null
                : "Invalid value " + value + " for configuration " + name + ": " + reason;
    }

    /**
     * The value without surrounding blanks.
     *
     * @throws IllegalArgumentException when the value is not valid; the message says why
     */
    public String check(@Nullable String value) {
        String problem = problem(value);
        if (problem != null || value == null) {
            throw new IllegalArgumentException(problem);
        }
        return value.trim();
    }
}
