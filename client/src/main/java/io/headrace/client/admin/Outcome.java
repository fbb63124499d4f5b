package io.headrace.client.admin;

import io.headrace.client.error.HeadraceException;

import java.util.function.Function;

/**
 * What became of one item of a request that names several: a value or an error.
 *
 * <pre>{@code
 * admin.createTopics(topics).map(outcomes -> outcomes.get("orders").orThrow());
 * }</pre>
 */
public sealed interface Outcome<T> {
    /** It was done. */
    record Done<T>(T value) implements Outcome<T> {}

    /** It was not done. */
    record Refused<T>(HeadraceException error) implements Outcome<T> {}

    /** The value, or throws the error. */
    default T orThrow() {
        return switch (this) {
            case Done<T>(T value) -> value;
            case Refused<T>(HeadraceException error) -> throw error;
        };
    }

    /** Whether it was done. */
    default boolean isDone() {
        return this instanceof Done;
    }

    /** The same outcome with another value. */
    default <R> Outcome<R> map(Function<? super T, ? extends R> change) {
        return switch (this) {
            case Done<T>(T value) -> new Done<>(change.apply(value));
            case Refused<T>(HeadraceException error) -> new Refused<>(error);
        };
    }
}
