package io.headrace.storage;

import io.headrace.storage.config.StorageProperties;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The settings of simulated storage nodes: the service's own defaults but for a few. */
public final class SimulatedSettings {
    /** What the nodes of a simulated cluster prove themselves with. */
    public static final String SECRET = "the simulated cluster's secret";

    private static final StorageProperties USUAL =
            new Binder(
                            new MapConfigurationPropertySource(
                                    Map.of(
                                            "headrace.storage.cluster-secret", SECRET,
                                            "headrace.storage.coordinators", "c1:9094,c2:9094",
                                            "headrace.storage.loops", "2",
                                            "headrace.storage.replication.lag-time-max", "3s")))
                    .bindOrCreate("headrace.storage", StorageProperties.class);

    private static final RecordComponent[] COMPONENTS =
            StorageProperties.class.getRecordComponents();

    private static final Constructor<StorageProperties> CONSTRUCTOR = constructor();

    private SimulatedSettings() {}

    private static Constructor<StorageProperties> constructor() {
        Class<?>[] types =
                Arrays.stream(COMPONENTS)
                        .map(RecordComponent::getType)
                        .toArray(size -> new Class<?>[size]);
        try {
            return StorageProperties.class.getDeclaredConstructor(types);
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException("A record has no constructor of its components", e);
        }
    }

    /** The settings of one node. */
    public static StorageProperties of(int nodeId, Path dataDirectory, int journalBytes) {
        Object[] values = new Object[COMPONENTS.length];
        try {
            for (int i = 0; i < COMPONENTS.length; i++) {
                values[i] =
                        switch (COMPONENTS[i].getName()) {
                            case "nodeId" -> nodeId;
                            case "dataDirs" -> List.of(dataDirectory);
                            case "journalBytes" -> journalBytes;
                            default -> COMPONENTS[i].getAccessor().invoke(USUAL);
                        };
            }
            return CONSTRUCTOR.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("The settings are no record of this shape any more", e);
        }
    }
}
