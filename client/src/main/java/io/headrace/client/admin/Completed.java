package io.headrace.client.admin;

/** The value of an {@link Outcome} that has nothing more to say. */
public enum Completed {
    COMPLETED
}
