package io.headrace.coordinator.admin;

import io.headrace.coordinator.metadata.Controller;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Ready once metadata is loaded; down when the database turned out to be unusable. */
public final class ControllerHealth implements HealthIndicator {
    private final Controller controller;

    public ControllerHealth(Controller controller) {
        this.controller = controller;
    }

    @Override
    public Health health() {
        if (controller.ready().isCompletedExceptionally()) {
            return Health.down().withDetail("reason", "the metadata database is unusable").build();
        }
        if (!controller.ready().isDone()) {
            return Health.outOfService().withDetail("reason", "metadata is not loaded yet").build();
        }
        return Health.up()
                .withDetail("active", controller.isActive())
                .withDetail("offset", controller.metadataLog().nextOffset())
                .build();
    }
}
