package io.headrace.protocol;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

import org.junit.jupiter.api.Test;

/** The rooms of this module and what each may import. */
class ArchitectureTest {
    private static final String[] KAFKA_RECORDS = {
        "org.apache.kafka.common.record.internal..", "org.apache.kafka.common.compress.."
    };

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(new ImportOption.DoNotIncludeTests())
                    .importPackages("io.headrace.protocol");

    @Test
    void kafkasRecordClassesAreUsedInBatchAndCodecOnly() {
        assertThat(CLASSES).isNotEmpty();
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "io.headrace.protocol.batch..",
                        "io.headrace.protocol.codec..",
                        // Generated: they write records fields through Kafka's Writable.
                        "io.headrace.protocol.message..",
                        "io.headrace.protocol.metadata.record..")
                .should()
                .dependOnClassesThat(resideInAnyPackage(KAFKA_RECORDS))
                .check(CLASSES);
    }

    @Test
    void kafkasRecordClassesAreInNoPublicSignature() {
        ArchRule rule =
                methods()
                        .that()
                        .arePublic()
                        .and()
                        .areDeclaredInClassesThat(
                                resideInAPackage("io.headrace.protocol.batch..")
                                        .and(
                                                describe(
                                                        "public",
                                                        c ->
                                                                c.getModifiers()
                                                                        .contains(
                                                                                com.tngtech.archunit
                                                                                        .core.domain
                                                                                        .JavaModifier
                                                                                        .PUBLIC))))
                        .should(nameNoKafkaRecordClass());
        rule.check(CLASSES);
    }

    @Test
    void roomsHaveNoCycles() {
        slices().matching("io.headrace.protocol.(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void protocolIsPlainJava() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.springframework..",
                        "io.netty..",
                        "reactor..",
                        "java.net..",
                        "java.nio.file..",
                        "org.apache.kafka.clients..")
                .check(CLASSES);
    }

    @Test
    void theRuleCanFail() {
        ArchRule wrong =
                noClasses()
                        .that()
                        .resideInAPackage("io.headrace.protocol.batch..")
                        .should()
                        .dependOnClassesThat(resideInAnyPackage(KAFKA_RECORDS));
        assertThatThrownBy(() -> wrong.check(CLASSES)).isInstanceOf(AssertionError.class);
    }

    private static ArchCondition<JavaMethod> nameNoKafkaRecordClass() {
        return new ArchCondition<>("name no record class of Kafka") {
            @Override
            public void check(JavaMethod method, ConditionEvents events) {
                boolean named =
                        resideInAnyPackage(KAFKA_RECORDS).test(method.getRawReturnType())
                                || method.getRawParameterTypes().stream()
                                        .anyMatch(resideInAnyPackage(KAFKA_RECORDS));
                if (named) {
                    events.add(SimpleConditionEvent.violated(method, method.getDescription()));
                }
            }
        };
    }
}
