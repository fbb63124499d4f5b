package io.headrace.coordinator;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;

import com.tngtech.archunit.core.domain.JavaClasses;

import io.headrace.testkit.architecture.RoomRules;

import org.junit.jupiter.api.Test;

class ArchitectureTest {
    private static final String SERVICE = "io.headrace.coordinator";

    private final JavaClasses classes = RoomRules.mainClassesIn(SERVICE);

    @Test
    void theCoreIsPure() {
        RoomRules.coresArePure(
                        SERVICE + ".cluster", SERVICE + ".recovery", SERVICE + ".transaction")
                .check(classes);
    }

    @Test
    void springStopsAtTheDoor() {
        RoomRules.springStopsAtTheDoor(SERVICE, "metadata").check(classes);
    }

    @Test
    void roomsHaveNoCycles() {
        RoomRules.roomsHaveNoCycles(SERVICE).check(classes);
    }

    @Test
    void onlyTransportSeesNetty() {
        RoomRules.onlyTransportSeesNetty().check(classes);
    }

    @Test
    void onlyProtocolSeesKafkaCodec() {
        // Shard records are generated from schemas; generated classes read and write themselves.
        RoomRules.onlyProtocolSeesKafkaCodec()
                .check(classes.that(not(resideInAPackage("..record.."))));
    }
}
