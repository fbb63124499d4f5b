package io.headrace.storage.admin;

import io.headrace.storage.cluster.ClusterView;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

import java.util.function.BooleanSupplier;

/** Ready once the client port is open. */
public final class StorageHealth implements HealthIndicator {
    private final BooleanSupplier serving;
    private final ClusterView cluster;

    public StorageHealth(BooleanSupplier serving, ClusterView cluster) {
        this.serving = serving;
        this.cluster = cluster;
    }

    @Override
    public Health health() {
        Health.Builder health = serving.getAsBoolean() ? Health.up() : Health.outOfService();
        return health.withDetail("clusterId", cluster.image().clusterId())
                .withDetail("nodeEpoch", cluster.nodeEpoch())
                .withDetail("metadataOffset", cluster.image().nextOffset())
                .build();
    }
}
