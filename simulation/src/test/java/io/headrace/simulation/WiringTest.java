package io.headrace.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaConstructorCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;

import io.headrace.coordinator.SimulatedCoordinator;
import io.headrace.storage.SimulatedStorageNode;

import org.junit.jupiter.api.Test;

import java.util.Set;
import java.util.TreeSet;

/** Goal: the simulated processes are put together from the same classes as the services'. */
class WiringTest {
    private static final ClassFileImporter IMPORTER = new ClassFileImporter();

    @Test
    void aStorageNodeIsWiredAsInTheService() throws ClassNotFoundException {
        Set<String> service = madeBy(Class.forName("io.headrace.storage.StorageNode"));
        Set<String> simulated = madeBy(SimulatedStorageNode.class);
        // Sockets, what makes them wait, and the machine's clock: there are none.
        service.removeAll(
                Set.of(
                        "io.headrace.storage.StorageNode",
                        "io.headrace.storage.StorageStartException",
                        "io.headrace.transport.loop.SteadyClock",
                        "io.headrace.transport.server.ServerOptions"));
        // Made by NodeDisks in the service, as the simulation's own threads and clock are.
        simulated.removeAll(
                Set.of(
                        "io.headrace.storage.log.LogRuntime",
                        "io.headrace.storage.repair.LogRepairer"));
        assertThat(simulated).isEqualTo(service).hasSizeGreaterThan(12);
    }

    @Test
    void aCoordinatorIsWiredAsInTheService() throws ClassNotFoundException {
        Set<String> service =
                madeBy(Class.forName("io.headrace.coordinator.CoordinatorConfiguration"));
        service.addAll(madeBy(Class.forName("io.headrace.coordinator.CoordinatorServer")));
        Set<String> simulated = madeBy(SimulatedCoordinator.class);
        // Spring's side, the port, and the membership, which only raises suspicion.
        service.removeAll(
                Set.of(
                        "io.headrace.coordinator.CoordinatorServer",
                        "io.headrace.coordinator.admin.ControllerHealth",
                        "io.headrace.coordinator.metrics.ControllerMetrics",
                        "io.headrace.coordinator.membership.HazelcastMembership",
                        "io.headrace.coordinator.membership.Member",
                        "io.headrace.transport.server.ServerOptions"));
        simulated.removeAll(
                Set.of(
                        "io.headrace.coordinator.GroupService$Surroundings",
                        "io.headrace.coordinator.metadata.ControllerOptions",
                        "io.headrace.coordinator.metadata.ControllerOptions$Times"));
        assertThat(simulated).isEqualTo(service).hasSizeGreaterThan(5);
    }

    private static Set<String> madeBy(Class<?> type) {
        JavaClass imported = IMPORTER.importClass(type);
        Set<String> made = new TreeSet<>();
        for (JavaConstructorCall call : imported.getConstructorCallsFromSelf()) {
            String name = call.getTargetOwner().getName();
            if (name.startsWith("io.headrace.") && !name.startsWith("io.headrace.simulation.")) {
                made.add(name);
            }
        }
        return made;
    }
}
