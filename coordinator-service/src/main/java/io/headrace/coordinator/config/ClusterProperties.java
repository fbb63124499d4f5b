package io.headrace.coordinator.config;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What all nodes of a cluster have in common.
 *
 * @param secret proves that a node belongs to the cluster; at least 16 characters
 */
@ConfigurationProperties("headrace.cluster")
public record ClusterProperties(String secret) {
    public ClusterProperties {
        if (secret == null || secret.length() < 16) {
            throw new IllegalArgumentException(
                    "headrace.cluster.secret must have at least 16 characters");
        }
    }

    @Override
    public String toString() {
        return "ClusterProperties[secret=hidden]";
    }
}
