package io.headrace.coordinator.membership;

import org.apache.kafka.common.Uuid;

/**
 * What a member tells of itself.
 *
 * @param role storage, coordinator, gateway, ...
 * @param address where the node's own protocol is served, host:port
 * @param rack empty when it is in none
 */
public record Member(String role, int nodeId, Uuid incarnationId, String address, String rack) {
    /** The role of storage nodes. */
    public static final String STORAGE = "storage";

    /** The role of coordinators. */
    public static final String COORDINATOR = "coordinator";

    static final String ROLE = "role";
    static final String NODE_ID = "nodeId";
    static final String INCARNATION = "incarnation";
    static final String ADDRESS = "address";
    static final String RACK = "rack";
}
