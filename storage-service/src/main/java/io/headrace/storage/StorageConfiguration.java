package io.headrace.storage;

import io.headrace.storage.admin.StorageHealth;
import io.headrace.storage.cluster.HazelcastMembership;
import io.headrace.storage.config.StorageProperties;
import io.headrace.storage.partition.Partitions;
import io.micrometer.core.instrument.MeterRegistry;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/** The beans of the storage service. */
@Configuration(proxyBeanMethods = false)
class StorageConfiguration {
    private static final Logger LOG = LoggerFactory.getLogger(StorageConfiguration.class);

    /** Starts with the context; a failure that shows later ends the context. */
    @Bean(destroyMethod = "close")
    @Lazy(false)
    StorageNode storageNode(
            StorageProperties properties,
            MeterRegistry meters,
            ConfigurableApplicationContext context) {
        StorageNode node = StorageNode.start(properties);
        node.apiMetrics().bindTo(meters);
        node.started()
                .whenComplete(
                        (address, failure) -> {
                            Partitions partitions = node.partitions();
                            if (failure != null) {
                                LOG.error("{}", failure.getMessage());
                                new Thread(context::close, "storage-failed").start();
                            } else if (partitions != null) {
                                node.dataMetrics().bindTo(meters, partitions);
                            }
                        });
        return node;
    }

    /** In the background: a node serves without it. */
    @Bean(destroyMethod = "close")
    @Lazy(false)
    HazelcastMembership hazelcastMembership(StorageProperties properties, StorageNode node) {
        return HazelcastMembership.start(
                properties.hazelcast(), properties.nodeId(), node.incarnationId());
    }

    @Bean("storageNodeHealthIndicator")
    HealthIndicator storageNodeHealthIndicator(StorageNode node) {
        return new StorageHealth(node::isServing, node.cluster());
    }
}
