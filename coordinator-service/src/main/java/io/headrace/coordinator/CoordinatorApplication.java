package io.headrace.coordinator;

import static java.util.Map.entry;

import io.headrace.coordinator.config.ClusterProperties;
import io.headrace.coordinator.config.CoordinatorProperties;
import io.headrace.coordinator.config.GroupOptions;
import io.headrace.coordinator.config.TransactionOptions;

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

/**
 * The coordinator service.
 *
 * <p>The parts of Spring Boot that it uses are named in {@code
 * META-INF/spring/io.headrace.coordinator.CoordinatorApplication.imports}; the database is not
 * among them: the controller's own thread opens it, so that nothing of it is on the way of the
 * start. Health and metrics are served from a context of their own, {@link CoordinatorManagement}.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@ImportAutoConfiguration
@EnableConfigurationProperties({
    ClusterProperties.class,
    CoordinatorProperties.class,
    GroupOptions.class,
    TransactionOptions.class
})
@Import(CoordinatorConfiguration.class)
public class CoordinatorApplication {
    /** What holds unless set otherwise; not in a file, which other services would share. */
    private static final Map<String, Object> DEFAULTS =
            Map.ofEntries(
                    entry("spring.application.name", "headrace-coordinator"),
                    entry("spring.main.lazy-initialization", "true"),
                    entry("spring.main.banner-mode", "off"),
                    entry("server.port", "9095"),
                    entry("management.endpoints.web.exposure.include", "health,info,prometheus"),
                    entry("management.endpoint.health.probes.enabled", "true"),
                    entry("management.endpoint.health.show-details", "always"),
                    entry(
                            "management.endpoint.health.group.readiness.include",
                            "readinessState,controller"),
                    entry("logging.level.com.zaxxer.hikari", "WARN"),
                    entry("logging.level.org.flywaydb", "WARN"),
                    entry("logging.level.hsqldb.db", "WARN"));

    public static void main(String[] arguments) {
        start(arguments);
    }

    /**
     * Starts the coordinator, with health and metrics, and returns when all of it serves.
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

    /** The coordinator alone, for a caller that has {@link #manage} follow. */
    public static SpringApplication application() {
        SpringApplication application = new SpringApplication(CoordinatorApplication.class);
        application.setWebApplicationType(WebApplicationType.NONE);
        application.setDefaultProperties(DEFAULTS);
        return application;
    }

    /** Serves health and metrics of a coordinator, until it is closed. */
    public static void manage(ConfigurableApplicationContext context) {
        CoordinatorManagement.open(context);
    }
}
