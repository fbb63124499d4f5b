package io.headrace.gateway.subscription;

import io.headrace.gateway.config.GatewayProperties;
import io.headrace.gateway.fanout.Fanout;
import io.headrace.gateway.record.BodyBudget;
import io.headrace.gateway.record.ProducerPool;
import io.headrace.gateway.record.RecordLimits;
import io.headrace.gateway.record.StartOffsets;
import io.headrace.gateway.record.TopicCatalog;
import io.headrace.gateway.record.WrittenRecords;
import io.netty.channel.Channel;

import org.jspecify.annotations.Nullable;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import org.springframework.web.reactive.handler.SimpleUrlHandlerMapping;
import org.springframework.web.reactive.socket.WebSocketHandler;
import org.springframework.web.reactive.socket.server.WebSocketService;
import org.springframework.web.reactive.socket.server.support.HandshakeWebSocketService;
import org.springframework.web.reactive.socket.server.upgrade.ReactorNettyRequestUpgradeStrategy;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebHandler;

import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;
import reactor.netty.http.server.WebsocketServerSpec;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;

/** The WebSocket: {@code /api/v1/ws}. */
@Configuration(proxyBeanMethods = false)
public class SocketRoutes {

    @Bean
    SimpleUrlHandlerMapping webSocketMapping(
            TopicCatalog catalog,
            StartOffsets startOffsets,
            Fanout fanout,
            ProducerPool producers,
            BodyBudget budget,
            SlowReaders slowReaders,
            GatewayProperties properties) {
        GatewayProperties.Stream options = properties.stream();
        GatewayProperties.Limits limits = properties.limits();
        SocketSession.Means means =
                new SocketSession.Means(
                        new Subscription.Opener(
                                catalog, startOffsets, fanout, options.maxPartitions()),
                        producers,
                        budget,
                        slowReaders,
                        new FrameParser(
                                new RecordLimits(
                                        limits.maxRecordsPerRequest(),
                                        limits.maxHeadersPerRecord()),
                                options.maxTopics()),
                        new SharedFrames(new WrittenRecords()),
                        options);
        WebSocketService service =
                new HandshakeWebSocketService(
                        new ReactorNettyRequestUpgradeStrategy(
                                () ->
                                        WebsocketServerSpec.builder()
                                                .maxFramePayloadLength(hardLimit(options))));
        WebHandler handler = exchange -> serve(exchange, service, means);
        return new SimpleUrlHandlerMapping(
                Map.of("/api/v1/ws", handler), Ordered.HIGHEST_PRECEDENCE);
    }

    /**
     * Beyond the limit of messages, so that a message which is somewhat too big is read and refused
     * with a close code and a reason; one beyond this ends the connection where it stands.
     */
    private static int hardLimit(GatewayProperties.Stream options) {
        return (int) Math.min(Integer.MAX_VALUE, 2 * options.maxFrame().toBytes());
    }

    private static Mono<Void> serve(
            ServerWebExchange exchange, WebSocketService service, SocketSession.Means means) {
        HttpServerRequest request =
                ServerHttpRequestDecorator.getNativeRequest(exchange.getRequest());
        WebSocketHandler handler =
                socket ->
                        new SocketSession(means, socket, new SocketConnection(channelOf(request)))
                                .run();
        return service.handleRequest(exchange, handler);
    }

    private static Channel channelOf(HttpServerRequest request) {
        AtomicReference<@Nullable Channel> channel = new AtomicReference<>();
        request.withConnection(connection -> channel.set(connection.channel()));
        return Objects.requireNonNull(channel.get(), "The channel of an upgraded connection");
    }
}
