package io.headrace.gateway.admin;

import io.headrace.client.HeadraceClient;
import io.headrace.client.admin.Admin;
import io.headrace.client.admin.ClusterDescription;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

import reactor.core.publisher.Mono;

import java.util.List;

/** The cluster: {@code /api/v1/cluster}. */
@RestController
@RequestMapping("/api/v1/cluster")
@Tag(name = "Cluster", description = "Nodes and version")
public class ClusterHandler {
    private final Admin admin;

    public ClusterHandler(HeadraceClient client) {
        this.admin = client.admin();
    }

    @Schema(name = "Node")
    record NodeModel(
            int id, String host, int port, String rack, boolean fenced, boolean controller) {}

    @Schema(name = "Cluster")
    record Model(String clusterId, int controllerId, List<NodeModel> nodes, String version) {}

    @Operation(
            operationId = "describeCluster",
            summary = "Describe the cluster",
            description = "Its id, nodes and controller, and the version of this gateway.")
    @GetMapping
    Mono<Model> describe() {
        return admin.describeCluster()
                .map(
                        cluster ->
                                new Model(
                                        cluster.clusterId(),
                                        cluster.controllerId(),
                                        cluster.nodes().stream()
                                                .map(n -> node(n, cluster.controllerId()))
                                                .toList(),
                                        version()));
    }

    private static NodeModel node(ClusterDescription.Node node, int controllerId) {
        return new NodeModel(
                node.id(),
                node.host(),
                node.port(),
                node.rack(),
                node.fenced(),
                node.id() == controllerId);
    }

    private static String version() {
        String version = ClusterHandler.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
