package io.headrace.gateway;

import io.headrace.gateway.config.GatewayConfiguration;

import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;

import java.util.Map;

/**
 * The gateway: HTTP, server-sent events and WebSocket for producing, consuming and administering.
 *
 * <p>Its configuration file is {@code gateway.properties} (or {@code .yaml}), not {@code
 * application.properties}, so that several services can share a class path.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@Import(GatewayConfiguration.class)
public class GatewayApplication {
    /** The base name of the gateway's configuration files. */
    public static final String CONFIG_NAME = "gateway";

    /** Runs the gateway as a process of its own. */
    public static void main(String[] args) {
        start(Map.of(), args);
    }

    /**
     * Starts the gateway and returns when it serves.
     *
     * @param defaults properties that the environment and configuration files may override
     * @param args command line arguments, {@code --name=value}
     * @return the running gateway; closing it stops it
     */
    public static ConfigurableApplicationContext start(
            Map<String, Object> defaults, String... args) {
        return new SpringApplicationBuilder(GatewayApplication.class)
                .web(WebApplicationType.REACTIVE)
                .properties("spring.config.name=" + CONFIG_NAME)
                .properties(defaults)
                .run(args);
    }

    /** The port on which a running gateway serves HTTP. */
    public static int httpPort(ConfigurableApplicationContext gateway) {
        if (gateway instanceof WebServerApplicationContext web && web.getWebServer() != null) {
            return web.getWebServer().getPort();
        }
        throw new IllegalStateException("The gateway does not serve");
    }
}
