package io.headrace.storage;

import io.headrace.storage.cluster.HazelcastMembership;
import io.headrace.storage.config.StorageProperties;
import io.headrace.transport.auth.ClusterSecret;

import org.springframework.boot.ApplicationRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;

/** The beans of the storage service. */
@Configuration(proxyBeanMethods = false)
class StorageConfiguration {
    /** Names, in the environment, the port that clients connect to. */
    static final String LOCAL_PORT = "local.headrace.storage.port";

    /** Starts in the background, as soon as there is a context. */
    @Bean(destroyMethod = "close")
    @Lazy(false)
    StorageNode storageNode(StorageProperties properties, ConfigurableEnvironment environment) {
        StorageNode node = StorageNode.start(properties);
        environment
                .getPropertySources()
                .addFirst(new MapPropertySource("storagePort", Map.of(LOCAL_PORT, node.port())));
        return node;
    }

    /**
     * The application has started when clients are served; it fails with the one line that says why
     * they will never be.
     */
    @Bean
    ApplicationRunner waitUntilServing(StorageNode node) {
        return arguments -> {
            try {
                node.started().get();
            } catch (ExecutionException e) {
                throw e.getCause() instanceof StorageStartException known ? known : e;
            }
        };
    }

    /** In the background: a node serves without it. */
    @Bean(destroyMethod = "close")
    @Lazy(false)
    HazelcastMembership hazelcastMembership(StorageProperties properties, StorageNode node) {
        return HazelcastMembership.start(
                properties.hazelcast(),
                ClusterSecret.of(properties.clusterSecret()).clusterName(),
                new HazelcastMembership.Self(
                        properties.nodeId(),
                        node.incarnationId(),
                        node.advertisedAddress(),
                        Objects.requireNonNullElse(properties.rack(), "")));
    }
}
