package io.headrace.testkit.disk;

/** A kind of operation of a {@link SimulatedDisk}, named when a fault is planted. */
public enum DiskOperation {
    /** Opening a file or a directory as a channel. */
    OPEN,
    /** Reading bytes of a file, also as the source of a transfer. */
    READ,
    /** Writing bytes of a file. */
    WRITE,
    /** Cutting a file. */
    TRUNCATE,
    /** Forcing a file or a directory to the platter. */
    FORCE,
    /** Creating a file or a directory. */
    CREATE,
    /** Renaming; the path is the source. */
    MOVE,
    /** Removing a file or a directory. */
    DELETE,
    /** Listing a directory. */
    LIST
}
