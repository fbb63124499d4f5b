package io.headrace.storage;

import io.headrace.storage.config.StorageProperties;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import java.util.HashMap;
import java.util.Map;

/** How storage nodes of tests are set up: two loops, a free port of this machine. */
final class NodeSettings {
    private NodeSettings() {}

    /**
     * @param coordinatorPort where the coordinator is, which knows {@link FakeCoordinator#SECRET}
     * @param more whole names and values: where the data is, and what is to be otherwise
     */
    static StorageProperties of(int coordinatorPort, Map<String, Object> more) {
        Map<String, Object> values = new HashMap<>();
        values.put("headrace.storage.coordinators", "127.0.0.1:" + coordinatorPort);
        values.put("headrace.storage.cluster-secret", FakeCoordinator.SECRET);
        values.put("headrace.storage.listener.host", "127.0.0.1");
        values.put("headrace.storage.listener.port", 0);
        values.put("headrace.storage.loops", 2);
        values.putAll(more);
        return new Binder(new MapConfigurationPropertySource(values))
                .bindOrCreate("headrace.storage", StorageProperties.class);
    }
}
