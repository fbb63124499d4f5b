package io.headrace.coordinator.handler;

import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.share.ShareErrors;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.server.ConnectionHandler;
import io.headrace.transport.server.ServerConnection;

import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What the coordinator does with every connection: the same handlers, a handshake for each. */
public final class NodeServer implements Function<ServerConnection, ConnectionHandler> {
    /** The first version of AddPartitionsToTxn that coordinators ask. */
    private static final short BATCHED_ADD = 4;

    /** What owners of groups ask owners of share state. */
    private static final List<ApiKeys> SHARE_STATE =
            List.of(
                    ApiKeys.INITIALIZE_SHARE_GROUP_STATE,
                    ApiKeys.DELETE_SHARE_GROUP_STATE,
                    ApiKeys.READ_SHARE_GROUP_STATE_SUMMARY);

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
        List<NodeHandler> own = new ArrayList<>();
        for (ApiKeys api : SHARE_STATE) {
            own.add(
                    new BareRequestHandler(
                            api,
                            api.oldestVersion(),
                            forwarded,
                            (body, error) -> ShareErrors.reply(body, api.latestVersion(), error)));
        }
        own.addAll(
                List.of(
                        new RegisterNodeHandler(controller, sessionTimeoutMs),
                        new MetadataFetchHandler(controller, sessionTimeoutMs / 3),
                        new FetchSnapshotHandler(controller),
                        new AllocateProducerIdsHandler(controller),
                        new WriteTxnMarkersHandler(groups),
                        new BareRequestHandler(
                                ApiKeys.ADD_PARTITIONS_TO_TXN,
                                BATCHED_ADD,
                                forwarded,
                                (body, error) ->
                                        new AddPartitionsToTxnResponseData()
                                                .setErrorCode(error.code())),
                        new AlterPartitionHandler(controller),
                        new AssignReplicasToDirsHandler(controller),
                        new BrokerHeartbeatHandler(controller),
                        new ReportLoadHandler(controller),
                        new ReportLogEndsHandler(controller),
                        new ReportSlowDisksHandler(controller),
                        new EnvelopeHandler(forwarded)));
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
