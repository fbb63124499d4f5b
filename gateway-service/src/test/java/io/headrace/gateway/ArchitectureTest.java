package io.headrace.gateway;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

import org.junit.jupiter.api.Test;

/** The rules of the gateway's rooms. */
class ArchitectureTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("io.headrace.gateway");

    @Test
    void theFanoutKnowsNoSpring() {
        noClasses()
                .that()
                .resideInAPackage("..fanout..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.springframework..", "..gateway.config..", "..subscription..")
                .check(CLASSES);
    }

    @Test
    void coresKnowNoSpring() {
        noClasses()
                .that()
                .haveNameMatching(
                        ".*\\.(JsonText|JsonOutput|Utf8|Cursor|CursorCodec|RecordBody|RecordWriter|"
                            + "PartitionMerge|Start|TopicNames|Credit|Selection|Problem)(\\$.*)?")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.springframework..", "io.netty..", "reactor..")
                .check(CLASSES);
    }

    @Test
    void kafkasOwnClientsAndRecordClassesAreNotUsed() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.kafka.clients..",
                        "org.apache.kafka.common.record..",
                        "org.apache.kafka.common.compress..",
                        "org.apache.kafka.common.requests..")
                .check(CLASSES);
    }

    @Test
    void onlyTheClientReachesTheCluster() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.headrace.transport..",
                        "io.headrace.storage..",
                        "io.headrace.coordinator..")
                .check(CLASSES);
    }

    @Test
    void recordsDoNotKnowSubscriptions() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        "..gateway.record..", "..gateway.admin..", "..gateway.problem..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..gateway.subscription..", "..gateway.console..")
                .check(CLASSES);
    }
}
