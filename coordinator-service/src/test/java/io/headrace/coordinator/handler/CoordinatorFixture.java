package io.headrace.coordinator.handler;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.group.GroupErrors;
import io.headrace.coordinator.handler.admin.AdminHandlers;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.metadata.ControllerOptions;
import io.headrace.coordinator.metadata.Database;
import io.headrace.coordinator.shard.ShardCall;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelFactory;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.server.FrameServer;
import io.headrace.transport.server.ServerOptions;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** A whole coordinator on a loopback port, without Spring, and links to it. */
final class CoordinatorFixture implements AutoCloseable {
    static final ClusterSecret SECRET = ClusterSecret.of("a secret of sixteen");
    static final int COORDINATOR_ID = 1001;

    private final LoopGroup loops = LoopGroup.start("fixture", 1);
    private final ChannelFactory channels = new ChannelFactory(loops);
    private final List<NodeFake> opened = new ArrayList<>();
    private final Controller controller;
    private final FrameServer frames;

    CoordinatorFixture(Path directory, ClusterRules rules) throws Exception {
        this(directory, rules, List.of());
    }

    CoordinatorFixture(Path directory, ClusterRules rules, List<ForwardedHandler> more)
            throws Exception {
        this(COORDINATOR_ID, () -> Database.embedded(directory), rules, more);
    }

    CoordinatorFixture(
            int id, Supplier<Database> database, ClusterRules rules, List<ForwardedHandler> more)
            throws Exception {
        controller = new Controller(ControllerOptions.of(id, rules, database, new Random(id)));
        List<ForwardedHandler> handlers = new ArrayList<>(AdminHandlers.of(controller));
        handlers.addAll(more);
        HandlerTable table = new HandlerTable(handlers);
        frames =
                FrameServer.start(
                        ServerOptions.at("127.0.0.1", 0),
                        loops,
                        new NodeServer(
                                SECRET,
                                controller,
                                table,
                                CoordinatorFixture::ownsNoGroups,
                                rules.sessionTimeoutMs()));
        controller.start(
                new CoordinatorIdentity(
                        id,
                        Uuid.randomUuid(),
                        "127.0.0.1",
                        frames.address().getPort(),
                        table.versions()),
                () -> true);
        controller.ready().get(30, TimeUnit.SECONDS);
    }

    private static void ownsNoGroups(int shard, ShardCall call) {
        call.reply().accept(GroupErrors.reply(call.body(), call.version(), Errors.NOT_COORDINATOR));
    }

    Controller controller() {
        return controller;
    }

    ClientChannel connect() throws Exception {
        return channels.connect(frames.address(), ChannelOptions.of("test"))
                .get(10, TimeUnit.SECONDS);
    }

    /** A link whose other end has proved itself as that node. */
    ClientChannel link(int nodeId) throws Exception {
        return new NodeAuthenticator(SECRET, nodeId, "storage")
                .authenticate(connect())
                .get(10, TimeUnit.SECONDS);
    }

    /** A storage node that registers and then follows the metadata log. */
    NodeFake node(int nodeId) throws Exception {
        NodeFake node = new NodeFake(nodeId, link(nodeId));
        opened.add(node);
        return node;
    }

    @Override
    public void close() {
        for (NodeFake node : opened) {
            node.close();
        }
        channels.close();
        controller.close();
        frames.close();
        loops.close();
    }
}
