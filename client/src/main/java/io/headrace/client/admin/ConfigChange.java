package io.headrace.client.admin;

/** A change of one configuration (KIP-339). */
public sealed interface ConfigChange {
    String name();

    /** Sets a value. */
    record Set(String name, String value) implements ConfigChange {}

    /** Returns to the default. */
    record Delete(String name) implements ConfigChange {}

    /** Adds to a list; values are separated by commas. */
    record Append(String name, String value) implements ConfigChange {}

    /** Takes out of a list. */
    record Subtract(String name, String value) implements ConfigChange {}
}
