package io.headrace.client;

import com.tngtech.archunit.core.domain.JavaClasses;

import io.headrace.testkit.architecture.RoomRules;

import org.junit.jupiter.api.Test;

/** The rules of imports of the client. */
class ArchitectureTest {
    private final JavaClasses classes = RoomRules.mainClassesIn("io.headrace.client");

    @Test
    void usesNoKafkaClient() {
        RoomRules.noKafkaClients().check(classes);
    }

    @Test
    void leavesNettyToTransport() {
        RoomRules.onlyTransportSeesNetty().check(classes);
    }

    @Test
    void leavesKafkasCodecToProtocol() {
        RoomRules.onlyProtocolSeesKafkaCodec().check(classes);
    }

    @Test
    void itsRoomsHaveNoCycles() {
        RoomRules.roomsHaveNoCycles("io.headrace.client").check(classes);
    }
}
