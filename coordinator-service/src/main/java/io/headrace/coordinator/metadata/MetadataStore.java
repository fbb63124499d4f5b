package io.headrace.coordinator.metadata;

import io.headrace.coordinator.metadata.row.CoordinatorRow;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Function;

/**
 * The cluster's truth and its fence, as a controller uses it. Confined to one thread; every method
 * may block, and may fail with a {@code DataAccessException}, the outcome then unknown.
 */
interface MetadataStore {
    /** The controller row as committed, or null before the first start. */
    @Nullable ControllerRow readController();

    /**
     * The controller row once every transaction that holds it has ended: tells whether a commit of
     * unknown outcome happened. If that epoch still has the role, this is a sign of life, too.
     */
    ControllerRow readControllerLocked(long controllerEpoch);

    /**
     * Does once, and takes back, what a commit does: a transaction that holds the controller row
     * must not stop to load classes.
     */
    void rehearse();

    /** Makes the controller row of a new cluster; does nothing if another made it first. */
    void foundCluster(String clusterId);

    /**
     * Becomes the controller, in the epoch after the one that was seen.
     *
     * @return the take-over, or null if another was faster
     */
    @Nullable TakeOver takeOver(ControllerRow seen, int controllerId, Uuid takeOverId, long nowMs);

    /**
     * Commits records: fence, log row and table rows in one transaction.
     *
     * @param topicName names a topic that exists before these records
     * @return false if the fence did not hold: nothing was changed
     */
    boolean append(LogRow row, List<ApiMessage> records, Function<Uuid, String> topicName);

    /** Shows that the controller of that epoch is alive; false when it is deposed. */
    boolean touch(long controllerEpoch);

    /** Log rows from an offset on, in order, at most that many. */
    List<LogRow> readLog(long fromOffset, int limit);

    /** Takes away log rows before an offset: readers behind it start from a snapshot. */
    int pruneLog(long beforeOffset);

    /** Reads everything, as of one moment, with at most so many of the last log rows. */
    Loaded load(int maxRows);

    /** Gives the role back: whoever sees the row may take it at once. Does nothing when deposed. */
    void release(long controllerEpoch);

    /**
     * Shows that a coordinator's incarnation is alive; false if it has no row.
     *
     * @param seenNodes how many storage nodes it sees
     */
    boolean touchSession(CoordinatorRow coordinator, int seenNodes);

    /** Replaces the row of that coordinator id by this incarnation's. */
    void beginSession(CoordinatorRow coordinator);

    /** The rows of all coordinators. */
    List<Session> sessions();

    /** Says in an incarnation's row that it is about to end; does nothing if it has no row. */
    void leaveSession(CoordinatorRow coordinator);

    /** Takes an incarnation's row away. */
    void endSession(CoordinatorRow coordinator);

    /**
     * The tables and the end of the log, as of one moment.
     *
     * @param rows the last log rows, in order
     */
    record Loaded(MetadataImage image, List<LogRow> rows) {}

    /**
     * A coordinator's row, how often it was touched, and how many storage nodes it sees.
     *
     * @param leaving whether it is about to end
     */
    record Session(CoordinatorRow row, long touchCount, int seenNodes, boolean leaving) {}
}
