package io.headrace.standalone.cluster;

import org.jspecify.annotations.Nullable;

/**
 * One node of a cluster.
 *
 * @param name what people call it, such as {@code storage-1}
 * @param id the id that clients and other nodes see; 0 for nodes without one
 * @param rack the rack of a storage node
 * @param host the address it listens on and is reached at
 * @param port the port of what it is for
 * @param managementPort health and metrics; 0 for none
 * @param memberPort Hazelcast's; 0 for none
 */
public record NodePlan(
        String name,
        Role role,
        int id,
        @Nullable String rack,
        String host,
        int port,
        int managementPort,
        int memberPort) {

    /** {@code host:port} of what it is for. */
    public String address() {
        return host + ":" + port;
    }

    /** Whether a person means this node: by its name, or by the id that clients see. */
    boolean isCalled(String text) {
        return name.equalsIgnoreCase(text) || (id > 0 && Integer.toString(id).equals(text));
    }
}
