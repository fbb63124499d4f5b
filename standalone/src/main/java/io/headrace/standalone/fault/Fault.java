package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.LocalCluster;

import java.io.IOException;
import java.util.random.RandomGenerator;

/** One kind of fault. */
public interface Fault {
    /**
     * Lets it befall the cluster.
     *
     * @param random decides what it befalls
     */
    Injected inject(LocalCluster cluster, RandomGenerator random)
            throws IOException, InterruptedException;

    /** A fault that has happened. */
    interface Injected {
        /** What was done to whom, for people. */
        String what();

        /** Whether no progress can be asked for until it is healed. */
        default boolean stopsAll() {
            return false;
        }

        /** Undoes it; nodes that are down are started, and serve when this returns. */
        void heal() throws IOException, InterruptedException;
    }
}
