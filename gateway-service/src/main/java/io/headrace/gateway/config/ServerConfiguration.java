package io.headrace.gateway.config;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import reactor.netty.Connection;
import reactor.netty.http.server.HttpServer;

import java.util.concurrent.atomic.AtomicInteger;

/** Bounds of the HTTP server. */
@Configuration(proxyBeanMethods = false)
class ServerConfiguration {

    @Bean
    ConnectionLimit connectionLimit(GatewayProperties properties, MeterRegistry meters) {
        ConnectionLimit limit = new ConnectionLimit(properties.limits().maxConnections());
        Gauge.builder("headrace.gateway.connections", limit, ConnectionLimit::open)
                .description("HTTP connections open now")
                .register(meters);
        return limit;
    }

    @Bean
    WebServerFactoryCustomizer<NettyReactiveWebServerFactory> serverBounds(
            GatewayProperties properties, ConnectionLimit connections) {
        int headerBytes = (int) properties.limits().maxHeaderBytes().toBytes();
        return factory ->
                factory.addServerCustomizers(
                        server -> bounded(server, headerBytes).doOnConnection(connections::admit));
    }

    private static HttpServer bounded(HttpServer server, int headerBytes) {
        return server.httpRequestDecoder(
                spec ->
                        spec.maxInitialLineLength(headerBytes)
                                .maxHeaderSize(headerBytes)
                                .allowDuplicateContentLengths(false));
    }

    /** Counts connections, and closes at once those beyond the limit. */
    static final class ConnectionLimit {
        private final int max;
        private final AtomicInteger open = new AtomicInteger();

        ConnectionLimit(int max) {
            this.max = max;
        }

        int open() {
            return open.get();
        }

        void admit(Connection connection) {
            connection.channel().closeFuture().addListener(closed -> open.decrementAndGet());
            if (open.incrementAndGet() > max) {
                connection.channel().close();
            }
        }
    }
}
