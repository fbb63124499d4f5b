package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.tool.ExternalTool;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** KafkaJS, the client in JavaScript; the script is {@code src/test/js/kafkajs.mjs}. */
@Timeout(180)
class KafkaJsCompatibilityIT {
    private static final Path SCRIPTS = Path.of("src/test/js").toAbsolutePath();

    @TempDir private Path folder;

    @Test
    void producesConsumesInAGroupAndAdministers() throws Exception {
        ExternalTool.NODE.assumeOrRequire();
        ExternalTool.NPM.assumeOrRequire();
        if (!Files.isDirectory(SCRIPTS.resolve("node_modules/kafkajs"))) {
            try (ChildProcess npm =
                    ChildProcess.command("npm", "ci", "--no-audit", "--no-fund")
                            .directory(SCRIPTS)
                            .output(folder.resolve("npm"))
                            .start()) {
                assertThat(npm.awaitExit(Duration.ofSeconds(90)))
                        .describedAs(npm.output())
                        .isZero();
            }
        }
        try (RunningPlatform platform = RunningPlatform.start(folder.resolve("data"));
                ChildProcess script =
                        ChildProcess.command("node", "kafkajs.mjs", platform.kafkaAddress())
                                .directory(SCRIPTS)
                                .output(folder.resolve("out"))
                                .start()) {
            int exit = script.awaitExit(Duration.ofSeconds(60));
            assertThat(exit).describedAs(script.output()).isZero();
            assertThat(script.output()).contains("all 1000 records came back once, in order");
        }
    }
}
