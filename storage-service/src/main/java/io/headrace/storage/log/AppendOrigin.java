package io.headrace.storage.log;

/** Where batches come from, which decides what an append checks and assigns. */
public enum AppendOrigin {
    /** A producer's request: offsets and epoch are assigned, producer sequences are checked. */
    CLIENT,
    /** The leader of the partition: offsets and epochs are given, and must continue the log. */
    REPLICATION,
    /**
     * A coordinator (group, transaction or share shard, or transaction markers): offsets are
     * assigned, sequences are not checked.
     */
    COORDINATOR,
    /** Records already in the log, seen again while its state is rebuilt. */
    RECOVERY
}
