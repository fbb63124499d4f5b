package io.headrace.storage;

import static java.util.Map.entry;

import io.headrace.storage.config.StorageProperties;

import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Import;
import org.springframework.context.event.GenericApplicationListener;

import java.util.Map;
import java.util.concurrent.ExecutionException;

/**
 * The storage service. Spring binds the settings and starts and stops the {@link StorageNode}; no
 * request passes through it. The parts of Spring Boot that it uses are named in {@code
 * META-INF/spring/io.headrace.storage.StorageApplication.imports}. Health and metrics are served
 * from a context of their own, {@link StorageManagement}.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@ImportAutoConfiguration
@EnableConfigurationProperties(StorageProperties.class)
@Import(StorageConfiguration.class)
public class StorageApplication {
    /** What holds unless set otherwise; not in a file, which other services would share. */
    private static final Map<String, Object> DEFAULTS =
            Map.ofEntries(
                    entry("spring.application.name", "headrace-storage"),
                    entry("spring.main.lazy-initialization", "true"),
                    entry("spring.main.banner-mode", "off"),
                    entry("server.port", "9093"),
                    entry("headrace.storage.cluster-secret", "${headrace.cluster.secret:}"),
                    entry("management.endpoints.web.exposure.include", "health,info,prometheus"),
                    entry("management.endpoint.health.probes.enabled", "true"),
                    entry("management.endpoint.health.show-details", "always"),
                    entry(
                            "management.endpoint.health.group.readiness.include",
                            "readinessState,storageNode"));

    /** Runs the storage node as a process of its own, until it is stopped or cannot go on. */
    public static void main(String[] arguments) throws InterruptedException {
        ConfigurableApplicationContext context = start(arguments);
        try {
            context.getBean(StorageNode.class).ended().get();
        } catch (ExecutionException e) {
            LoggerFactory.getLogger(StorageApplication.class)
                    .error("The storage node ends", e.getCause());
            System.exit(SpringApplication.exit(context, () -> 1));
        }
    }

    /**
     * Starts the storage node and returns when it serves clients. Health and metrics are there as
     * soon as it begins, since recovery may take its time.
     *
     * @param arguments {@code --name=value}
     * @return the running service; closing it stops it
     */
    public static ConfigurableApplicationContext start(String... arguments) {
        SpringApplication application = application();
        application.addListeners(
                GenericApplicationListener.forEventType(
                        ApplicationStartedEvent.class,
                        event -> manage(event.getApplicationContext())));
        return application.run(arguments);
    }

    /** The node alone, for a caller that has {@link #manage} follow. */
    public static SpringApplication application() {
        SpringApplication application = new SpringApplication(StorageApplication.class);
        application.setWebApplicationType(WebApplicationType.NONE);
        application.setDefaultProperties(DEFAULTS);
        return application;
    }

    /** Serves health and metrics of a node until it is closed. */
    public static void manage(ConfigurableApplicationContext context) {
        StorageManagement.open(context);
    }
}
