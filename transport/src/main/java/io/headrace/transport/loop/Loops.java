package io.headrace.transport.loop;

/** A fixed set of loops over which connections and partitions are spread. */
public interface Loops {
    int size();

    /** The loop of that index, from 0 to {@link #size} - 1. */
    Loop at(int index);
}
