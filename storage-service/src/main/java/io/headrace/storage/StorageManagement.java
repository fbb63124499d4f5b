package io.headrace.storage;

import io.headrace.storage.admin.StorageHealth;
import io.headrace.storage.metrics.CompactionMetrics;
import io.headrace.storage.metrics.RepairMetrics;
import io.headrace.storage.partition.Partitions;
import io.headrace.storage.repair.RepairCounters;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.ParentContextApplicationContextInitializer;
import org.springframework.boot.builder.ParentContextCloserApplicationListener;
import org.springframework.boot.convert.ApplicationConversionService;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.web.server.context.ServerPortInfoApplicationContextInitializer;
import org.springframework.boot.web.server.reactive.context.AnnotationConfigReactiveWebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * What operators see of the storage node, over HTTP: health and metrics. It is a context of its own
 * below that of the service, which does not wait for it. The parts of Spring Boot that it uses are
 * named in {@code META-INF/spring/io.headrace.storage.StorageManagement.imports}.
 */
@Configuration(proxyBeanMethods = false)
@ImportAutoConfiguration
class StorageManagement {

    @Bean("storageNodeHealthIndicator")
    HealthIndicator storageNodeHealthIndicator(StorageNode node) {
        return new StorageHealth(node::isServing, node.cluster());
    }

    /** Those of the data are there once clients are served. */
    @Bean
    MeterBinder storageMetrics(StorageNode node) {
        return meters -> {
            node.apiMetrics().bindTo(meters);
            node.started().thenRun(() -> bindData(node, meters));
        };
    }

    private static void bindData(StorageNode node, MeterRegistry meters) {
        Partitions partitions = node.partitions();
        if (partitions != null) {
            node.dataMetrics().bindTo(meters, partitions);
        }
        NodeDisks disks = node.disks();
        if (disks != null) {
            new CompactionMetrics(disks.compactionCounters()).bindTo(meters);
            RepairCounters repairs = disks.repairCounters();
            if (repairs != null) {
                new RepairMetrics(repairs).bindTo(meters);
            }
        }
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
        management.register(StorageManagement.class);
        management.refresh();
        management.getBean(MeterRegistry.class); // counts from now on, not from the first question
    }
}
