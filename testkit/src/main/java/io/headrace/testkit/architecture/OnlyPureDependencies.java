package io.headrace.testkit.architecture;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

import java.util.List;
import java.util.Set;

/** Finds what makes a class impure: a dependency on the world, or a call that asks it. */
final class OnlyPureDependencies extends ArchCondition<JavaClass> {
    private static final List<String> IMPURE_PACKAGES =
            List.of(
                    "java.io",
                    "java.net",
                    "java.nio.channels",
                    "java.nio.file",
                    "java.sql",
                    "java.util.concurrent",
                    "java.util.logging",
                    "javax.sql",
                    "org.slf4j",
                    "ch.qos.logback",
                    "org.springframework",
                    "org.apache.kafka.clients",
                    "io.netty",
                    "reactor",
                    "com.hazelcast",
                    "io.micrometer");

    /** Plain values that live in those packages. */
    private static final Set<String> PURE_TYPES =
            Set.of(
                    "java.io.Serializable",
                    "java.io.IOException",
                    "java.io.UncheckedIOException",
                    "java.io.ByteArrayOutputStream",
                    "java.util.concurrent.TimeUnit");

    private static final Set<String> IMPURE_TYPES =
            Set.of(
                    "java.lang.Thread",
                    "java.lang.Process",
                    "java.lang.ProcessBuilder",
                    "java.lang.Runtime",
                    "java.util.Random",
                    "java.util.SplittableRandom",
                    "java.util.Timer",
                    "java.security.SecureRandom");

    private static final Set<String> IMPURE_MEMBERS =
            Set.of(
                    "java.lang.System.currentTimeMillis",
                    "java.lang.System.nanoTime",
                    "java.lang.System.getenv",
                    "java.lang.System.getProperty",
                    "java.lang.System.getLogger",
                    "java.lang.System.exit",
                    "java.lang.System.out",
                    "java.lang.System.err",
                    "java.lang.Math.random",
                    "java.util.UUID.randomUUID",
                    "java.util.random.RandomGenerator.getDefault",
                    "java.util.random.RandomGenerator.of",
                    "org.apache.kafka.common.Uuid.randomUuid",
                    "java.time.Clock.systemUTC",
                    "java.time.Clock.systemDefaultZone",
                    "java.time.Instant.now",
                    "java.time.LocalDate.now",
                    "java.time.LocalDateTime.now",
                    "java.time.OffsetDateTime.now",
                    "java.time.ZonedDateTime.now");

    OnlyPureDependencies() {
        super("depend on values only");
    }

    @Override
    public void check(JavaClass javaClass, ConditionEvents events) {
        for (Dependency dependency : javaClass.getDirectDependenciesFromSelf()) {
            if (isImpure(dependency.getTargetClass().getBaseComponentType().getName())) {
                events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
            }
        }
        for (JavaAccess<?> access : javaClass.getAccessesFromSelf()) {
            String member = access.getTargetOwner().getName() + "." + access.getName();
            if (IMPURE_MEMBERS.contains(member)) {
                events.add(SimpleConditionEvent.violated(access, access.getDescription()));
            }
        }
    }

    private static boolean isImpure(String type) {
        if (PURE_TYPES.contains(type)) {
            return false;
        }
        return IMPURE_TYPES.contains(type)
                || IMPURE_PACKAGES.stream()
                        .anyMatch(name -> type.startsWith(name + ".") || type.equals(name));
    }
}
