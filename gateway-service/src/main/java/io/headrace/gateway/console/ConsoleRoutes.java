package io.headrace.gateway.console;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;

import reactor.core.publisher.Mono;

import java.time.Duration;

/** The web console: static pages that use the gateway's own API and nothing from elsewhere. */
@Configuration(proxyBeanMethods = false)
public class ConsoleRoutes {
    private static final MediaType JAVASCRIPT = new MediaType("text", "javascript");
    private static final MediaType CSS = new MediaType("text", "css");
    private static final MediaType SVG = new MediaType("image", "svg+xml");
    private static final String POLICY =
            "default-src 'self'; connect-src 'self' ws: wss:; style-src 'self'; img-src 'self'"
                    + " data:; frame-ancestors 'none'";

    @Bean
    RouterFunction<ServerResponse> consolePages() {
        return RouterFunctions.route()
                .GET("/", request -> page("index.html", MediaType.TEXT_HTML))
                .GET("/websocket.html", request -> page("websocket.html", MediaType.TEXT_HTML))
                .GET("/problems", request -> page("problems.html", MediaType.TEXT_HTML))
                .GET("/console.css", request -> page("console.css", CSS))
                .GET("/console.js", request -> page("console.js", JAVASCRIPT))
                .GET("/favicon.svg", request -> page("favicon.svg", SVG))
                .build();
    }

    private static Mono<ServerResponse> page(String name, MediaType type) {
        Resource resource = new ClassPathResource("console/" + name);
        return ServerResponse.ok()
                .contentType(type)
                .cacheControl(CacheControl.maxAge(Duration.ofMinutes(1)))
                .header("Content-Security-Policy", POLICY)
                .header("X-Content-Type-Options", "nosniff")
                .bodyValue(resource);
    }
}
