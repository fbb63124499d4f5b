package io.headrace.storage.share;

import org.apache.kafka.common.protocol.Errors;

import java.util.function.Consumer;

/** Acknowledgements of one request that wait for their write. Identity is equality. */
final class PendingAcknowledgement {
    private final Consumer<Errors> whenDone;

    PendingAcknowledgement(Consumer<Errors> whenDone) {
        this.whenDone = whenDone;
    }

    void complete(Errors result) {
        whenDone.accept(result);
    }
}
