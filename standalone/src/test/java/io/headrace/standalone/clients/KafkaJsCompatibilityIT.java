package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.KafkaJs;
import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.process.ChildProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;

/** KafkaJS against one node. */
@Timeout(180)
class KafkaJsCompatibilityIT {
    @TempDir private Path folder;

    @Test
    void producesConsumesInAGroupAndAdministers() throws Exception {
        KafkaJs.assumeOrRequire();
        try (RunningPlatform platform = RunningPlatform.start(folder.resolve("data"));
                ChildProcess script = KafkaJs.start(platform.kafkaAddress(), folder)) {
            int exit = script.awaitExit(Duration.ofSeconds(60));
            assertThat(exit).describedAs(script.output()).isZero();
            assertThat(script.output()).contains("all 1000 records came back once, in order");
        }
    }
}
