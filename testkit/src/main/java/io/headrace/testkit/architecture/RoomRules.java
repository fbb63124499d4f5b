package io.headrace.testkit.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;

import java.util.Optional;
import java.util.Set;

/**
 * The architecture as rules, to be checked by the {@code ArchitectureTest} of each module.
 *
 * <pre>{@code
 * private final JavaClasses classes = RoomRules.mainClassesIn("io.headrace.storage");
 *
 * @Test
 * void coresArePure() {
 *     RoomRules.coresArePure("io.headrace.storage.replication").check(classes);
 * }
 * }</pre>
 */
public final class RoomRules {
    private static final String ROOT = "io.headrace.";
    private static final Set<String> SERVICES =
            Set.of("storage", "coordinator", "gateway", "stream", "connect");

    private RoomRules() {}

    /**
     * The compiled main classes, tests left out, of some packages and those below them, in the
     * folders and jars of the class path.
     */
    public static JavaClasses mainClassesIn(String... packageNames) {
        return new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages(packageNames);
    }

    /**
     * Cores take values and give values: no I/O, threads, clock, randomness, loggers, Spring,
     * Netty.
     *
     * @param packages full names of core packages; each counts with the packages below it. One that
     *     does not exist makes the rule fail
     */
    public static ArchRule coresArePure(String... packages) {
        return classes()
                .that()
                .resideInAnyPackage(withSubpackages(packages))
                .should(new OnlyPureDependencies())
                .as("cores use no I/O, thread, clock, chance, logger, Spring or Netty")
                .because("they run in seeded simulations: pass time and chance as parameters");
    }

    /**
     * Spring wires and stops at the door: it is seen in the service's root package, {@code config}
     * and {@code admin} only.
     *
     * @param alsoRooms further rooms where the style page allows Spring, such as {@code metadata}
     */
    public static ArchRule springStopsAtTheDoor(String servicePackage, String... alsoRooms) {
        DescribedPredicate<JavaClass> door =
                resideInAnyPackage(
                        servicePackage, servicePackage + ".config..", servicePackage + ".admin..");
        for (String room : alsoRooms) {
            door = door.or(resideInAPackage(servicePackage + "." + room + ".."));
        }
        return noClasses()
                .that(resideInAPackage(servicePackage + "..").and(DescribedPredicate.not(door)))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.springframework..")
                .as("Spring is seen at the door of " + servicePackage + " only")
                .because("rooms are plain Java: wire them in config")
                .allowEmptyShould(true);
    }

    /** The rooms directly below a package have no cycles; a room counts with its subpackages. */
    public static ArchRule roomsHaveNoCycles(String packageName) {
        return slices().matching(packageName + ".(*)..")
                .should()
                .beFreeOfCycles()
                .as("the rooms of " + packageName + " have no cycles")
                .allowEmptyShould(true);
    }

    /** Only {@code transport} sees Netty and Reactor Netty. */
    public static ArchRule onlyTransportSeesNetty() {
        return noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + "transport..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "reactor.netty..")
                .as("only transport sees Netty")
                .because("sockets have one owner: use transport's types")
                .allowEmptyShould(true);
    }

    /** Only {@code protocol} sees Kafka's record, compression and codec classes. */
    public static ArchRule onlyProtocolSeesKafkaCodec() {
        return noClasses()
                .that()
                .resideOutsideOfPackage(ROOT + "protocol..")
                .should()
                .dependOnClassesThat(KAFKA_CODEC)
                .as("only protocol sees Kafka's record, compression and codec classes")
                .because("they are not a public API of Kafka: an upgrade touches one module")
                .allowEmptyShould(true);
    }

    /** Nobody uses Kafka's own producer, consumer, admin client or streams. */
    public static ArchRule noKafkaClients() {
        return noClasses()
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "org.apache.kafka.clients..",
                        "org.apache.kafka.streams..",
                        "org.apache.kafka.connect..")
                .as("main code uses no Kafka client")
                .because("our client is non-blocking: use io.headrace.client")
                .allowEmptyShould(true);
    }

    /** A service never depends on another service; they talk over the binary protocol. */
    public static ArchRule servicesAreStrangers() {
        return classes()
                .should(new KnowNoOtherService())
                .as("a service depends on no other service")
                .because("services talk over the binary protocol")
                .allowEmptyShould(true);
    }

    /**
     * Two services that run in one JVM share no objects: neither knows a class of the other, and
     * whoever knows both (the {@code standalone} module) knows their root packages only, to start
     * them.
     *
     * @param one a service's package, such as {@code io.headrace.storage}
     */
    public static ArchRule shareNoObjects(String one, String other) {
        return classes()
                .should(new KnowNotBoth(one, other))
                .as(one + " and " + other + " share no objects")
                .because("they talk in encoded frames, in one JVM too")
                .allowEmptyShould(true);
    }

    private static final DescribedPredicate<JavaClass> KAFKA_CODEC =
            resideInAnyPackage(
                            "org.apache.kafka.common.record..",
                            "org.apache.kafka.common.compress..",
                            "org.apache.kafka.common.requests..")
                    .or(
                            DescribedPredicate.describe(
                                    "Kafka's low-level codec",
                                    javaClass ->
                                            javaClass
                                                            .getPackageName()
                                                            .startsWith(
                                                                    "org.apache.kafka.common.protocol")
                                                    && !isVocabulary(javaClass)));

    /** ApiKeys and Errors name things of the wire; they encode nothing. */
    private static boolean isVocabulary(JavaClass javaClass) {
        String name = javaClass.getBaseComponentType().getName();
        return name.startsWith("org.apache.kafka.common.protocol.ApiKeys")
                || name.startsWith("org.apache.kafka.common.protocol.ApiMessage")
                || name.startsWith("org.apache.kafka.common.protocol.Message")
                || name.startsWith("org.apache.kafka.common.protocol.Errors");
    }

    private static String[] withSubpackages(String... packages) {
        String[] patterns = new String[packages.length];
        for (int index = 0; index < packages.length; index++) {
            patterns[index] = packages[index] + "..";
        }
        return patterns;
    }

    private static Optional<String> serviceOf(JavaClass javaClass) {
        return SERVICES.stream().filter(name -> isIn(javaClass, ROOT + name)).findFirst();
    }

    private static boolean isIn(JavaClass javaClass, String packageName) {
        String found = javaClass.getPackageName();
        return found.equals(packageName) || found.startsWith(packageName + ".");
    }

    private static final class KnowNoOtherService extends ArchCondition<JavaClass> {
        KnowNoOtherService() {
            super("know no other service");
        }

        @Override
        public void check(JavaClass javaClass, ConditionEvents events) {
            Optional<String> own = serviceOf(javaClass);
            if (own.isEmpty()) {
                return;
            }
            for (Dependency dependency : javaClass.getDirectDependenciesFromSelf()) {
                Optional<String> target =
                        serviceOf(dependency.getTargetClass().getBaseComponentType());
                if (target.isPresent() && !target.equals(own)) {
                    events.add(
                            SimpleConditionEvent.violated(dependency, dependency.getDescription()));
                }
            }
        }
    }

    private static final class KnowNotBoth extends ArchCondition<JavaClass> {
        private final String one;
        private final String other;

        KnowNotBoth(String one, String other) {
            super("know rooms of " + one + " or of " + other + ", not of both");
            this.one = one;
            this.other = other;
        }

        @Override
        public void check(JavaClass javaClass, ConditionEvents events) {
            Optional<Dependency> toOne = dependencyOn(javaClass, one);
            Optional<Dependency> toOther = dependencyOn(javaClass, other);
            if (isIn(javaClass, one)) {
                toOther.ifPresent(found -> violated(events, found));
            } else if (isIn(javaClass, other)) {
                toOne.ifPresent(found -> violated(events, found));
            } else if (toOne.isPresent() && toOther.isPresent()) {
                violated(events, toOne.get());
                violated(events, toOther.get());
            }
        }

        private static void violated(ConditionEvents events, Dependency dependency) {
            events.add(SimpleConditionEvent.violated(dependency, dependency.getDescription()));
        }

        /** A dependency on the service; for an outsider, on more than its root package. */
        private Optional<Dependency> dependencyOn(JavaClass javaClass, String service) {
            boolean outsider = !isIn(javaClass, one) && !isIn(javaClass, other);
            return javaClass.getDirectDependenciesFromSelf().stream()
                    .filter(
                            dependency -> {
                                JavaClass target =
                                        dependency.getTargetClass().getBaseComponentType();
                                boolean root = target.getPackageName().equals(service);
                                return isIn(target, service) && !(outsider && root);
                            })
                    .findFirst();
        }
    }
}
