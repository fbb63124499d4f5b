package io.headrace.testkit.disk;

/** A gate that operations of a {@link SimulatedDisk} wait at until it is closed (released). */
public final class HeldOperations implements AutoCloseable {
    private boolean released;
    private int waiting;

    HeldOperations() {}

    /** How many operations wait at the gate now. */
    public synchronized int waiting() {
        return waiting;
    }

    /** Lets every waiting and every later operation through. */
    @Override
    public synchronized void close() {
        released = true;
        notifyAll();
    }

    synchronized void pass() {
        boolean interrupted = false;
        waiting++;
        while (!released) {
            try {
                wait();
            } catch (InterruptedException asTheRealDiskWeGoOnWaiting) {
                interrupted = true;
            }
        }
        waiting--;
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
