package io.headrace.coordinator;

import io.headrace.coordinator.config.ClusterProperties;
import io.headrace.coordinator.config.CoordinatorProperties;
import io.headrace.coordinator.config.GroupOptions;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.jdbc.autoconfigure.DataJdbcRepositoriesAutoConfiguration;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.context.annotation.Import;

/**
 * The coordinator service.
 *
 * <p>The database is opened by the controller's own thread, so that nothing of it is on the way of
 * the start; Spring Boot's own set-up of databases is switched off.
 */
@SpringBootConfiguration(proxyBeanMethods = false)
@EnableAutoConfiguration(
        exclude = {
            DataSourceAutoConfiguration.class,
            FlywayAutoConfiguration.class,
            DataJdbcRepositoriesAutoConfiguration.class
        })
@EnableConfigurationProperties({
    ClusterProperties.class,
    CoordinatorProperties.class,
    GroupOptions.class
})
@Import(CoordinatorConfiguration.class)
public class CoordinatorApplication {
    public static void main(String[] arguments) {
        application().run(arguments);
    }

    /** The application, for a caller that runs it with properties of its own. */
    public static SpringApplication application() {
        return new SpringApplication(CoordinatorApplication.class);
    }
}
