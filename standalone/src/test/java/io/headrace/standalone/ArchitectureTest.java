package io.headrace.standalone;

import com.tngtech.archunit.core.domain.JavaClasses;

import io.headrace.testkit.architecture.RoomRules;

import org.junit.jupiter.api.Test;

/** The rules that need all modules on one class path. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = RoomRules.mainClassesIn("io.headrace");

    @Test
    void servicesAreStrangers() {
        RoomRules.servicesAreStrangers().check(CLASSES);
    }

    @Test
    void storageAndCoordinatorShareNoObjects() {
        RoomRules.shareNoObjects("io.headrace.storage", "io.headrace.coordinator").check(CLASSES);
    }

    @Test
    void gatewayAndStorageShareNoObjects() {
        RoomRules.shareNoObjects("io.headrace.storage", "io.headrace.gateway").check(CLASSES);
    }

    @Test
    void roomsHaveNoCycles() {
        RoomRules.roomsHaveNoCycles("io.headrace.standalone").check(CLASSES);
    }
}
