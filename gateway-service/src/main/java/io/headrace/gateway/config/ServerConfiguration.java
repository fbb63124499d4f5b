package io.headrace.gateway.config;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.channel.Channel;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

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
                        server -> connections.guard(bounded(server, headerBytes)));
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

        /**
         * The server with this limit. A connection is counted when its channel is made; {@code
         * doOnConnection} would count each of its requests.
         */
        HttpServer guard(HttpServer server) {
            return server.doOnChannelInit((observer, channel, address) -> admit(channel));
        }

        private void admit(Channel channel) {
            channel.closeFuture().addListener(closed -> open.decrementAndGet());
            if (open.incrementAndGet() > max) {
                channel.close();
            }
        }
    }
}
