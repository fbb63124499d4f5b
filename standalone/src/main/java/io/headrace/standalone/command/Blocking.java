package io.headrace.standalone.command;

import reactor.core.publisher.Mono;

import java.util.NoSuchElementException;

/** Waits for the client where a command has nothing else to do. */
final class Blocking {
    private Blocking() {}

    /** The value; the client bounds how long it takes. */
    static <T> T get(Mono<T> mono) {
        T value = mono.block();
        if (value == null) {
            throw new NoSuchElementException("The cluster answered nothing");
        }
        return value;
    }
}
