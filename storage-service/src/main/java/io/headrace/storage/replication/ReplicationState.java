package io.headrace.storage.replication;

/** What this node is to a partition. */
public sealed interface ReplicationState {

    /** No committed metadata has named this node's incarnation yet. */
    record Unassigned() implements ReplicationState {}

    /** This incarnation is to lead; the start of the epoch is not durable yet. */
    record Starting(int leaderEpoch) implements ReplicationState {}

    /** This incarnation leads. */
    record Leading(int leaderEpoch) implements ReplicationState {}

    /**
     * Another incarnation leads, or nobody.
     *
     * @param leaderId the leading node, or -1
     */
    record Following(int leaderId, int leaderEpoch) implements ReplicationState {}

    /** The log's directory is offline. */
    record Offline(String reason) implements ReplicationState {}
}
