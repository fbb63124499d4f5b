package io.headrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.tool.ExternalTool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** KafkaJS, the client in JavaScript; the script is {@code src/test/js/kafkajs.mjs}. */
public final class KafkaJs {
    private static final Path SCRIPTS = Path.of("src/test/js").toAbsolutePath();

    private KafkaJs() {}

    /** Skips the test, or lets it fail where tools are required, if there is no Node. */
    public static void assumeOrRequire() {
        ExternalTool.NODE.assumeOrRequire();
        ExternalTool.NPM.assumeOrRequire();
    }

    /** Starts the script, which ends with 0 when everything held; installs the client before. */
    public static ChildProcess start(String bootstrap, Path folder) throws IOException {
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
        return ChildProcess.command("node", "kafkajs.mjs", bootstrap)
                .directory(SCRIPTS)
                .output(folder.resolve("kafkajs"))
                .start();
    }
}
