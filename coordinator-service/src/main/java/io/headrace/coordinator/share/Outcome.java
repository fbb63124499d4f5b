package io.headrace.coordinator.share;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

/** What became of a change of one share partition's state. */
record Outcome(Errors error, @Nullable String message) {
    static final Outcome DONE = new Outcome(Errors.NONE, null);

    static Outcome of(Errors error) {
        return error == Errors.NONE ? DONE : new Outcome(error, error.message());
    }

    static Outcome of(Errors error, String message) {
        return new Outcome(error, message);
    }
}
