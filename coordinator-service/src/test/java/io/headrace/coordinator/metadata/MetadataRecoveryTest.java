package io.headrace.coordinator.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.coordinator.postgres.TestPostgres;
import io.headrace.coordinator.recovery.NodeReport;
import io.headrace.coordinator.recovery.Recovery;
import io.headrace.coordinator.recovery.RecoveryChoice;
import io.headrace.coordinator.recovery.RecoveryPlan;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** A database restored from an older export gets back what a node knows, under a controller. */
@Timeout(120)
class MetadataRecoveryTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir Path directory;

    private static Database open(String name) {
        return Database.postgresql(
                TestPostgres.url(TestPostgres.port(), name), TestPostgres.USER, "");
    }

    private static TestController start(String name) {
        TestController controller = new TestController(1001, name).start();
        Eventually.until(LIMIT, () -> controller.controller().mayDecide(), "it is active");
        return controller;
    }

    private static void create(TestController controller, String topic) throws Exception {
        assertThat(controller.createTopic(topic).get(10, TimeUnit.SECONDS)).isEqualTo(Errors.NONE);
    }

    private static RecoveryPlan plan(MetadataRecovery recovery, MetadataImage known) {
        NodeReport report =
                new NodeReport(
                        1,
                        "a host",
                        Objects.requireNonNull(known.nodes().get(1)).nodeEpoch(),
                        true,
                        known,
                        List.of());
        return Recovery.plan(
                recovery.image(),
                List.of(report),
                recovery::isInHistory,
                new RecoveryChoice(RecoveryChoice.NEWEST, Set.of()),
                Uuid.randomUuid());
    }

    @Test
    void aControllerGoesOnWithWhatWasLost() throws Exception {
        String original = TestPostgres.newDatabase();
        String restored = TestPostgres.newDatabase();
        Path export = directory.resolve("old");
        MetadataImage known;
        try (TestController controller = start(original)) {
            controller.registerNode(1);
            create(controller, "old");
            try (Database database = open(original)) {
                MetadataArchive.export(database, export);
            }
            create(controller, "lost");
            known = controller.controller().metadataLog().image();
        }
        try (Database database = open(restored)) {
            MetadataArchive.restore(database, export);
        }
        try (TestController controller = start(restored);
                Database database = open(restored)) {
            assertThat(controller.controller().metadataLog().image().topicIds())
                    .containsOnlyKeys("old");
            MetadataRecovery recovery = MetadataRecovery.open(database);
            RecoveryPlan plan = plan(recovery, known);
            assertThat(plan.refusals()).isEmpty();
            assertThat(plan.restoredTopics()).containsExactly("lost");

            create(controller, "meanwhile");
            Path backup = directory.resolve("backup");
            assertThatThrownBy(() -> recovery.apply(plan, backup))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("has changed");
            assertThat(controller.controller().isActive()).isTrue();

            MetadataRecovery again = MetadataRecovery.open(database);
            RecoveryPlan second = plan(again, known);
            assertThat(second.droppedTopics()).containsExactly("meanwhile");
            again.apply(second, directory.resolve("backup-2"));
            Eventually.until(
                    LIMIT,
                    () -> controller.controller().metadataLog().image().topicIds().keySet(),
                    topics -> topics.equals(Set.of("old", "lost")),
                    "the controller serves what was lost");
            Eventually.until(LIMIT, () -> controller.controller().mayDecide(), "and decides");
            MetadataImage now = controller.controller().metadataLog().image();
            assertThat(now.controllerEpoch()).isGreaterThan(second.recovered().controllerEpoch());
            assertThat(now.nextOffset()).isGreaterThan(known.nextOffset());
            create(controller, "new");

            // What a node has applied lies before the log: it is given a snapshot of all.
            MetadataLog.Slice slice =
                    controller
                            .controller()
                            .metadataLog()
                            .read(known.nextOffset(), known.takeOverId(), 1_000);
            assertThat(slice.diverged()).isFalse();
            assertThat(slice.snapshotNeeded()).isTrue();
            assertThat(plan(MetadataRecovery.open(database), now).isNeeded()).isFalse();
        }
    }

    @Test
    void anEmptyDatabaseIsNoCluster() throws Exception {
        try (Database database = open(TestPostgres.newDatabase())) {
            assertThatThrownBy(() -> MetadataRecovery.open(database))
                    .isInstanceOf(IOException.class);
        }
    }
}
