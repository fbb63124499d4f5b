package io.headrace.coordinator.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.coordinator.cluster.topic.CreateTopics;
import io.headrace.coordinator.postgres.TestPostgres;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** A cluster's metadata goes from the embedded database to PostgreSQL, whole. */
@Timeout(120)
class MetadataArchiveTest {
    @TempDir Path directory;

    private MetadataImage fillEmbedded() throws Exception {
        Controller controller = TopicWriter.controller(directory.resolve("embedded"));
        TopicWriter.registerNode(controller);
        for (int i = 0; i < 5; i++) {
            CreateTopicsRequestData request = TopicWriter.topicOnNodeOne("topic-" + i);
            controller.submit(new CreateTopics(request)).get(10, TimeUnit.SECONDS);
        }
        controller.close();
        return controller.metadataLog().image();
    }

    private Path export() throws IOException {
        Path file = directory.resolve("cluster.metadata");
        try (Database embedded = Database.embedded(directory.resolve("embedded"))) {
            MetadataArchive.export(embedded, file);
            assertThatThrownBy(() -> MetadataArchive.export(embedded, file))
                    .isInstanceOf(FileAlreadyExistsException.class);
        }
        return file;
    }

    @Test
    void aClusterMovesToPostgresqlAndGoesOn() throws Exception {
        MetadataImage before = fillEmbedded();
        Path file = export();
        String name = TestPostgres.newDatabase();
        try (Database target =
                Database.postgresql(
                        TestPostgres.url(TestPostgres.port(), name), TestPostgres.USER, "")) {
            MetadataArchive.Summary summary = MetadataArchive.restore(target, file);
            assertThat(summary.topics()).isEqualTo(5);
            assertThat(summary.nextOffset()).isEqualTo(before.nextOffset());
            assertThatThrownBy(() -> MetadataArchive.restore(target, file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("holds a cluster already");
        }
        try (TestController controller = new TestController(1001, name).start()) {
            Eventually.until(
                    Duration.ofSeconds(20), () -> controller.controller().mayDecide(), "active");
            MetadataImage after = controller.controller().metadataLog().image();
            assertThat(after.clusterId()).isEqualTo(before.clusterId());
            assertThat(after.topicIds()).isEqualTo(before.topicIds());
            assertThat(after.nodes()).isEqualTo(before.nodes());
            assertThat(after.controllerEpoch()).isEqualTo(before.controllerEpoch() + 1);
            assertThat(after.nextOffset()).isGreaterThan(before.nextOffset());
            // A node that had applied everything is not told that something was lost.
            MetadataLog.Slice slice =
                    controller
                            .controller()
                            .metadataLog()
                            .read(before.nextOffset(), before.takeOverId(), 1 << 20);
            assertThat(slice.diverged()).isFalse();
            assertThat(slice.batches()).isNotEmpty();
        }
    }

    @Test
    void aDamagedFileChangesNothing() throws Exception {
        fillEmbedded();
        Path file = export();
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        try (Database target = Database.embedded(directory.resolve("target"))) {
            assertThatThrownBy(() -> MetadataArchive.restore(target, file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("damaged");
        }
        Files.write(file, new byte[] {1, 2, 3});
        try (Database target = Database.embedded(directory.resolve("target"))) {
            assertThatThrownBy(() -> MetadataArchive.restore(target, file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("no archive");
        }
    }
}
