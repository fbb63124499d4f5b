package io.headrace.client;

import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RequestHead;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.server.FrameServer;
import io.headrace.transport.server.InboundRequest;
import io.headrace.transport.server.ServerOptions;

import org.apache.kafka.common.message.ApiVersionsResponseData;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.Function;

/**
 * A cluster of one node, as far as a client has to know it to connect: versions and itself. What
 * else is asked the test answers, on the node's one loop.
 */
final class FakeNode implements AutoCloseable {
    private final LoopGroup loops = LoopGroup.start("fake-node", 1);
    private final List<ApiKeys> apis;
    private final Function<ApiKeys, Short> newest;
    private final Service service;
    private final FrameServer server;

    /** Answers requests. */
    @FunctionalInterface
    interface Service {
        /** The answer to a request; null when it was answered, or failed, here already. */
        @Nullable ApiMessage answer(InboundRequest request, RequestHead head, ApiMessage body);
    }

    /**
     * @param apis what it serves, besides its versions
     * @param newest the newest version of each that it says it speaks
     */
    FakeNode(List<ApiKeys> apis, Function<ApiKeys, Short> newest, Service service) {
        this.apis = apis;
        this.newest = newest;
        this.service = service;
        server =
                FrameServer.start(
                        ServerOptions.at("127.0.0.1", 0), loops, connection -> this::onRequest);
    }

    String bootstrap() {
        return "127.0.0.1:" + server.address().getPort();
    }

    private void onRequest(InboundRequest request) {
        try {
            RequestHead head = RequestHead.read(request.frame());
            ApiMessage answer =
                    head.api().key() == ApiKeys.API_VERSIONS.id
                            ? versions()
                            : service.answer(request, head, head.readBody(request.frame()));
            if (answer != null) {
                request.reply(MessageWriter.response(head, answer));
            }
        } catch (MalformedFrameException e) {
            request.fail(String.valueOf(e.getMessage()));
        }
    }

    /** Metadata with this node and no topic. */
    MetadataResponseData metadata() {
        MetadataResponseData answer =
                new MetadataResponseData().setClusterId("c").setControllerId(1);
        answer.brokers()
                .add(
                        new MetadataResponseData.MetadataResponseBroker()
                                .setNodeId(1)
                                .setHost("127.0.0.1")
                                .setPort(server.address().getPort()));
        return answer;
    }

    private ApiVersionsResponseData versions() {
        ApiVersionsResponseData versions = new ApiVersionsResponseData();
        add(versions, ApiKeys.API_VERSIONS, ApiKeys.API_VERSIONS.latestVersion());
        apis.forEach(api -> add(versions, api, newest.apply(api)));
        return versions;
    }

    private static void add(ApiVersionsResponseData versions, ApiKeys api, short newest) {
        versions.apiKeys()
                .add(
                        new ApiVersionsResponseData.ApiVersion()
                                .setApiKey(api.id)
                                .setMinVersion(api.oldestVersion())
                                .setMaxVersion(newest));
    }

    @Override
    public void close() {
        server.close();
        loops.close();
    }
}
