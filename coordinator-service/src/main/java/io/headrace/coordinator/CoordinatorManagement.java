package io.headrace.coordinator;

import io.headrace.coordinator.admin.ControllerHealth;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.metrics.ControllerMetrics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.ParentContextApplicationContextInitializer;
import org.springframework.boot.builder.ParentContextCloserApplicationListener;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.boot.web.server.context.ServerPortInfoApplicationContextInitializer;
import org.springframework.boot.web.server.reactive.context.AnnotationConfigReactiveWebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What operators see of the coordinator, over HTTP: health and metrics. It is a context of its own
 * below that of the service, which does not wait for it. The parts of Spring Boot that it uses are
 * named in {@code META-INF/spring/io.headrace.coordinator.CoordinatorManagement.imports}.
 */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration
class CoordinatorManagement {

    @Bean
    ControllerHealth controllerHealthIndicator(Controller controller) {
        return new ControllerHealth(controller);
    }

    @Bean
    ControllerMetrics controllerMetrics(Controller controller) {
        return new ControllerMetrics(controller);
    }

    @Bean
    MeterBinder groupMetrics(GroupService groups) {
        return groups.metrics();
    }

    /**
     * Opens the port of a service; closing the service closes it.
     *
     * @throws RuntimeException if it cannot be opened
     */
    static void open(ConfigurableApplicationContext service) {
        AnnotationConfigReactiveWebServerApplicationContext management =
                new AnnotationConfigReactiveWebServerApplicationContext();
        management.setId(service.getId() + "-management");
        new ParentContextApplicationContextInitializer(service).initialize(management);
        new ServerPortInfoApplicationContextInitializer().initialize(management);
        management.addApplicationListener(new ParentContextCloserApplicationListener());
        management.setEnvironment(service.getEnvironment());
        management
                .getBeanFactory()
                .setConversionService(ApplicationConversionService.getSharedInstance());
        management.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor());
        management.register(CoordinatorManagement.class);
        management.refresh();
        management.getBean(MeterRegistry.class); // counts from now on, not from the first question
    }
}
