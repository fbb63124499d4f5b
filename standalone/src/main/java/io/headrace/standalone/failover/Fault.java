package io.headrace.standalone.failover;

/** What befalls the cluster while it is measured. */
enum Fault {
    /** {@code kill -9} of the leader of the measured partition. */
    KILL,
    /** {@code SIGSTOP} of that leader. */
    PAUSE,
    /** {@code kill -9} of the active coordinator. */
    CONTROLLER,
    /** Every process is stopped and started again, one after the other. */
    RESTART
}
