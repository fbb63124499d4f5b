package io.headrace.client.admin;

import java.util.List;

/**
 * The cluster as a client sees it.
 *
 * @param controllerId the node that admin requests go to; -1 when unknown
 */
public record ClusterDescription(String clusterId, int controllerId, List<Node> nodes) {

    /**
     * A node.
     *
     * @param rack empty when it has none
     */
    public record Node(int id, String host, int port, String rack, boolean fenced) {}
}
