package io.headrace.storage;

import com.tngtech.archunit.core.domain.JavaClasses;

import io.headrace.testkit.architecture.RoomRules;

import org.junit.jupiter.api.Test;

/** Goal: the rooms of the storage service stay apart as docs/ARCHITECTURE.md says. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = RoomRules.mainClassesIn("io.headrace.storage");

    @Test
    void springStopsAtTheDoor() {
        RoomRules.springStopsAtTheDoor("io.headrace.storage").check(CLASSES);
    }

    @Test
    void roomsHaveNoCycles() {
        RoomRules.roomsHaveNoCycles("io.headrace.storage").check(CLASSES);
    }

    @Test
    void replicationIsPure() {
        RoomRules.coresArePure("io.headrace.storage.replication").check(CLASSES);
    }

    @Test
    void onlyTransportSeesNetty() {
        RoomRules.onlyTransportSeesNetty().check(CLASSES);
    }

    @Test
    void onlyProtocolSeesKafkaCodec() {
        RoomRules.onlyProtocolSeesKafkaCodec().check(CLASSES);
    }

    @Test
    void kafkaClientsAreForTests() {
        RoomRules.noKafkaClients().check(CLASSES);
    }

    @Test
    void otherServicesAreStrangers() {
        RoomRules.servicesAreStrangers().check(CLASSES);
    }
}
