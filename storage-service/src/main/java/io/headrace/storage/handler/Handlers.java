package io.headrace.storage.handler;

import io.headrace.storage.handler.describe.DescribeHandlers;
import io.headrace.storage.handler.forwarding.ForwardedHandlers;
import io.headrace.storage.handler.node.NodeHandlers;
import io.headrace.storage.handler.records.RecordHandlers;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.protocol.ApiKeys;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** All handlers of a storage node, put together. */
public final class Handlers {
    /** Answered that security is not enabled, as a Kafka node without an authorizer does. */
    private static final List<ApiKeys> ACLS =
            List.of(ApiKeys.DESCRIBE_ACLS, ApiKeys.CREATE_ACLS, ApiKeys.DELETE_ACLS);

    private Handlers() {}

    /** The registry of a node. */
    public static HandlerRegistry of(Services services) {
        AtomicReference<HandlerRegistry> self = new AtomicReference<>();
        List<ApiHandler> handlers = new ArrayList<>();
        handlers.add(
                new ApiVersionsHandler(
                        services,
                        () -> {
                            HandlerRegistry registry = self.get();
                            if (registry == null) {
                                throw new IllegalStateException("Asked before it was built");
                            }
                            return registry;
                        }));
        handlers.addAll(DescribeHandlers.of(services));
        handlers.addAll(RecordHandlers.of(services));
        handlers.addAll(ForwardedHandlers.of(services));
        handlers.addAll(NodeHandlers.of(services));
        handlers.add(new AuthenticateNodeHandler());
        handlers.add(new SaslHandshakeHandler());
        for (ApiKeys api : ACLS) {
            handlers.add(new SecurityDisabledHandler(api));
        }
        HandlerRegistry registry = new HandlerRegistry(handlers);
        self.set(registry);
        return registry;
    }
}
