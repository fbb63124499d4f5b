package io.headrace.testkit.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;

import io.headrace.testkit.planted.PlantedSources;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Each rule is green on good code and red on a planted violation. */
final class RoomRulesTest {
    @TempDir private Path folder;

    private JavaClasses classes(String... sources) {
        assertThat(PlantedSources.compile(folder, List.of(), sources)).isEmpty();
        return new ClassFileImporter().importPath(folder);
    }

    private static void assertGreen(ArchRule rule, JavaClasses classes) {
        assertThatCode(() -> rule.check(classes)).doesNotThrowAnyException();
    }

    private static void assertRed(ArchRule rule, JavaClasses classes, String named) {
        assertThatThrownBy(() -> rule.check(classes))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(named);
    }

    @Test
    void aCoreOfValuesIsPure() {
        JavaClasses classes =
                classes(
                        """
                        package io.headrace.x.core;
                        record Core(long nowMs, java.util.List<String> names) {
                            Core later(java.util.random.RandomGenerator random) {
                                return new Core(nowMs + random.nextInt(5), names);
                            }
                        }
                        """);
        assertGreen(RoomRules.coresArePure("io.headrace.x.core"), classes);
    }

    @Test
    void everyCoreThatAsksTheWorldIsRed() {
        List<String> impure =
                List.of(
                        "System.currentTimeMillis()",
                        "System.nanoTime()",
                        "java.time.Instant.now()",
                        "java.util.UUID.randomUUID()",
                        "Math.random()",
                        "new java.util.Random()",
                        "java.util.concurrent.ThreadLocalRandom.current()",
                        "new Thread()",
                        "java.util.concurrent.Executors.newCachedThreadPool()",
                        "new java.io.File(\"x\")",
                        "java.nio.file.Path.of(\"x\")",
                        "new java.net.Socket()",
                        "System.out",
                        "System.getLogger(\"x\")",
                        "new io.netty.Thing()",
                        "new org.springframework.Thing()",
                        "new org.slf4j.Thing()");
        List<String> sources = new ArrayList<>();
        sources.add("package io.netty; public class Thing {}");
        sources.add("package org.springframework; public class Thing {}");
        sources.add("package org.slf4j; public class Thing {}");
        for (String expression : impure) {
            sources.add(
                    "package io.headrace.x.core; class Core"
                            + sources.size()
                            + " { Object a() { return "
                            + expression
                            + "; } }");
        }
        JavaClasses classes = classes(sources.toArray(String[]::new));
        String violations =
                RoomRules.coresArePure("io.headrace.x.core")
                        .evaluate(classes)
                        .getFailureReport()
                        .toString();
        for (int index = 0; index < impure.size(); index++) {
            assertThat(violations)
                    .as(impure.get(index))
                    .contains("io.headrace.x.core.Core" + (3 + index) + ".");
        }
    }

    @Test
    void aCoreThatDoesNotExistIsRed() {
        JavaClasses classes = classes("package io.headrace.x.other; class Core {}");
        assertRed(RoomRules.coresArePure("io.headrace.x.core"), classes, "failed to check any");
    }

    @Test
    void springStopsAtTheDoor() {
        ArchRule rule = RoomRules.springStopsAtTheDoor("io.headrace.storage", "metadata");
        String spring = "package org.springframework; public class Bean {}";
        JavaClasses good =
                classes(
                        spring,
                        "package io.headrace.storage; class A extends org.springframework.Bean {}",
                        "package io.headrace.storage.config; class B extends"
                                + " org.springframework.Bean {}",
                        "package io.headrace.storage.metadata; class C extends"
                                + " org.springframework.Bean {}");
        assertGreen(rule, good);
        JavaClasses bad =
                classes(
                        spring,
                        "package io.headrace.storage.log; class Log extends"
                                + " org.springframework.Bean {}");
        assertRed(rule, bad, "io.headrace.storage.log.Log");
    }

    @Test
    void roomsHaveNoCycles() {
        ArchRule rule = RoomRules.roomsHaveNoCycles("io.headrace.x");
        String b = "package io.headrace.x.b; public class B {}";
        assertGreen(
                rule, classes(b, "package io.headrace.x.a; class A extends io.headrace.x.b.B {}"));
        assertRed(
                rule,
                classes(
                        "package io.headrace.x.b; public class B { io.headrace.x.a.A a; }",
                        "package io.headrace.x.a; public class A extends io.headrace.x.b.B {}"),
                "Cycle detected");
    }

    @Test
    void onlyTransportSeesNetty() {
        ArchRule rule = RoomRules.onlyTransportSeesNetty();
        String netty = "package io.netty.buffer; public class ByteBuf {}";
        assertGreen(
                rule,
                classes(
                                netty,
                                "package io.headrace.transport.frame; class F {"
                                        + " io.netty.buffer.ByteBuf b; }")
                        .that(resideInAPackage("io.headrace..")));
        assertRed(
                rule,
                classes(
                        netty,
                        "package io.headrace.client; class C { io.netty.buffer.ByteBuf b; }"),
                "io.headrace.client.C");
        assertRed(
                rule,
                classes(
                        "package reactor.netty; public class Connection {}",
                        "package io.headrace.client; class D { reactor.netty.Connection[] b; }"),
                "io.headrace.client.D");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "common.record.MemoryRecords",
                "common.record.internal.MemoryRecords",
                "common.compress.Compression",
                "common.requests.FetchRequest",
                "common.protocol.ByteBufferAccessor"
            })
    void onlyProtocolSeesKafkaCodec(String type) {
        ArchRule rule = RoomRules.onlyProtocolSeesKafkaCodec();
        int dot = type.lastIndexOf('.');
        String name = "org.apache.kafka." + type;
        String kafka =
                "package org.apache.kafka.%s; public class %s {}"
                        .formatted(type.substring(0, dot), type.substring(dot + 1));
        JavaClasses ours =
                classes(kafka, "package io.headrace.protocol.batch; class B { " + name + " b; }");
        assertGreen(rule, ours.that(resideInAPackage("io.headrace..")));
        assertRed(
                rule,
                classes(kafka, "package io.headrace.storage.log; class L { " + name + " b; }"),
                "io.headrace.storage.log.L");
    }

    @Test
    void everybodySeesKafkaVocabulary() {
        assertGreen(
                RoomRules.onlyProtocolSeesKafkaCodec(),
                classes(
                        "package org.apache.kafka.common.protocol; public enum Errors { NONE }",
                        "package org.apache.kafka.common.message; public class FetchRequestData {}",
                        """
                        package io.headrace.storage.handler;
                        class L {
                            org.apache.kafka.common.protocol.Errors e;
                            org.apache.kafka.common.message.FetchRequestData d;
                        }
                        """));
    }

    @Test
    void noKafkaClients() {
        ArchRule rule = RoomRules.noKafkaClients();
        assertGreen(rule, classes("package io.headrace.client; class C {}"));
        assertRed(
                rule,
                classes(
                        "package org.apache.kafka.clients.producer; public class KafkaProducer {}",
                        "package io.headrace.client; class D {"
                                + " org.apache.kafka.clients.producer.KafkaProducer p; }"),
                "io.headrace.client.D");
    }

    @Test
    void servicesAreStrangers() {
        ArchRule rule = RoomRules.servicesAreStrangers();
        String log = "package io.headrace.storage.log; public class Log {}";
        assertGreen(
                rule,
                classes(
                        log,
                        "package io.headrace.standalone; class Up { io.headrace.storage.log.Log l;"
                                + " }",
                        "package io.headrace.storage.file; class F { io.headrace.storage.log.Log l;"
                                + " }"));
        assertRed(
                rule,
                classes(
                        log,
                        "package io.headrace.gateway.record; class R {"
                                + " io.headrace.storage.log.Log[] l; }"),
                "io.headrace.gateway.record.R");
    }

    @Test
    void servicesInOneJvmShareNoObjects() {
        ArchRule rule = RoomRules.shareNoObjects("io.headrace.storage", "io.headrace.coordinator");
        String storage = "package io.headrace.storage; public class StorageApplication {}";
        String coordinator =
                "package io.headrace.coordinator; public class CoordinatorApplication {}";
        String log = "package io.headrace.storage.log; public class Log {}";
        String group = "package io.headrace.coordinator.group; public class Group {}";
        assertGreen(
                rule,
                classes(
                        storage,
                        coordinator,
                        log,
                        group,
                        """
                        package io.headrace.standalone;
                        class Up {
                            io.headrace.storage.StorageApplication s;
                            io.headrace.coordinator.CoordinatorApplication c;
                        }
                        """));
        assertRed(
                rule,
                classes(
                        log,
                        group,
                        """
                        package io.headrace.standalone;
                        class HandsOver {
                            io.headrace.storage.log.Log s;
                            io.headrace.coordinator.group.Group c;
                        }
                        """),
                "io.headrace.standalone.HandsOver");
    }

    @Test
    void oneServiceThatKnowsTheOtherIsRed() {
        assertRed(
                RoomRules.shareNoObjects("io.headrace.storage", "io.headrace.coordinator"),
                classes(
                        "package io.headrace.coordinator; public class CoordinatorApplication {}",
                        "package io.headrace.storage.log; class Log {"
                                + " io.headrace.coordinator.CoordinatorApplication c; }"),
                "io.headrace.storage.log.Log");
    }
}
