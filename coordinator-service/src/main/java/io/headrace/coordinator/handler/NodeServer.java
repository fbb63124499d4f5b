package io.headrace.coordinator.handler;

import io.headrace.coordinator.metadata.Controller;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.server.ConnectionHandler;
import io.headrace.transport.server.ServerConnection;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What the coordinator does with every connection: the same handlers, a handshake for each. */
public final class NodeServer implements Function<ServerConnection, ConnectionHandler> {
    private final ClusterSecret secret;
    private final Controller controller;
    private final Map<Short, NodeHandler> handlers = new HashMap<>();

    public NodeServer(
            ClusterSecret secret,
            Controller controller,
            HandlerTable forwarded,
            GroupShards groups,
            long sessionTimeoutMs) {
        this.secret = secret;
        this.controller = controller;
        List<NodeHandler> own =
                List.of(
                        new RegisterNodeHandler(controller, sessionTimeoutMs),
                        new MetadataFetchHandler(controller, sessionTimeoutMs / 3),
                        new FetchSnapshotHandler(controller),
                        new AllocateProducerIdsHandler(controller),
                        new WriteTxnMarkersHandler(groups),
                        new AddPartitionsOfNodesHandler(forwarded),
                        new AlterPartitionHandler(controller),
                        new AssignReplicasToDirsHandler(controller),
                        new BrokerHeartbeatHandler(controller),
                        new EnvelopeHandler(forwarded));
        for (NodeHandler handler : own) {
            handlers.put(handler.apiKey(), handler);
        }
    }

    @Override
    public ConnectionHandler apply(ServerConnection connection) {
        // A held JoinGroup or a parked fetch must not keep back the answers behind it.
        connection.answerInAnyOrder();
        return new NodeConnection(connection, secret, controller, handlers);
    }
}
