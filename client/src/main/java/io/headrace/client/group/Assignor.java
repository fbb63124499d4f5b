package io.headrace.client.group;

/** A way to divide partitions among the members of a group; equal to Kafka's of that name. */
public enum Assignor {
    /** Consecutive partitions of each topic. */
    RANGE("range", false),
    /** All partitions of all topics in turn. */
    ROUND_ROBIN("roundrobin", false),
    /** Balanced, and moving as little as possible in two steps without a pause (KIP-429). */
    COOPERATIVE_STICKY("cooperative-sticky", true);

    private final String protocolName;
    private final boolean cooperative;

    Assignor(String protocolName, boolean cooperative) {
        this.protocolName = protocolName;
        this.cooperative = cooperative;
    }

    /** The name in the group protocol. */
    public String protocolName() {
        return protocolName;
    }

    /** Whether members keep what they own while the group rebalances. */
    public boolean isCooperative() {
        return cooperative;
    }
}
