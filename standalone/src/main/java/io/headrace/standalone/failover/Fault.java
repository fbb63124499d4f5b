package io.headrace.standalone.failover;

/** What befalls the cluster while it is measured. */
enum Fault {
    /** {@code kill -9} of the leader of the measured partition. */
    KILL,
    /** {@code SIGSTOP} of that leader. */
    PAUSE,
    /** {@code kill -9} of the active coordinator. */
    CONTROLLER,
    /** {@code SIGSTOP} of the active coordinator, at first also the master of Hazelcast. */
    FREEZE,
    /** {@code SIGSTOP} of PostgreSQL, for a minute. */
    DATABASE,
    /** Every process is stopped and started again, one after the other. */
    RESTART
}
