package io.headrace.gateway.record;

import io.headrace.gateway.problem.Problem;

import java.util.concurrent.atomic.AtomicLong;

/** The memory that request bodies may take together. Safe for use by any threads. */
public final class BodyBudget {
    private final long maxBytes;
    private final AtomicLong takenBytes = new AtomicLong();

    public BodyBudget(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /**
     * Takes memory for a body.
     *
     * @throws io.headrace.gateway.problem.ProblemException 503 when there is none left
     */
    public void take(long bytes) {
        if (takenBytes.addAndGet(bytes) > maxBytes) {
            takenBytes.addAndGet(-bytes);
            throw Problem.busy(
                            "Request bodies of "
                                    + takenBytes.get()
                                    + " bytes are being worked on already: try again.")
                    .toException();
        }
    }

    public void giveBack(long bytes) {
        takenBytes.addAndGet(-bytes);
    }

    public long takenBytes() {
        return takenBytes.get();
    }
}
