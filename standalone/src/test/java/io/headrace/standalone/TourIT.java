package io.headrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.tool.ExternalTool;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** The tour in README.md, typed as it is written but for the ports and the temporary folder. */
@Timeout(180)
class TourIT {
    private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BLOCK = Pattern.compile("```bash\\n(.*?)```", Pattern.DOTALL);

    @TempDir private Path folder;

    @Test
    void worksAsWritten() throws Exception {
        for (ExternalTool tool :
                List.of(
                        ExternalTool.KCAT,
                        ExternalTool.NODE,
                        ExternalTool.NPM,
                        new ExternalTool("jq", "apt-get install jq"),
                        new ExternalTool("curl", "apt-get install curl"))) {
            tool.assumeOrRequire();
        }
        try (RunningPlatform platform = RunningPlatform.start(folder.resolve("data"))) {
            String script =
                    "set -euo pipefail\n"
                            + tour().replace("localhost:9092", platform.kafkaAddress())
                                    .replace("http://localhost:8080", platform.httpUrl())
                                    .replace(
                                            "localhost:8080",
                                            platform.httpUrl().substring("http://".length()))
                                    .replace("/tmp/headrace-tour", folder.toString());
            Path file = Files.writeString(folder.resolve("tour.sh"), script);
            try (ChildProcess tour =
                    ChildProcess.command("bash", file.toString())
                            .directory(HOME)
                            .environment("HEADRACE_NO_BUILD", "true")
                            .environment("HEADRACE_BOOTSTRAP", platform.kafkaAddress())
                            .output(folder.resolve("tour.out"))
                            .start()) {
                int exit = tour.awaitExit(Duration.ofSeconds(150));
                assertThat(exit).describedAs(tour.output()).isZero();
                assertThat(tour.output())
                        .contains("Created topic quakes with 3 partitions.")
                        .contains("22km NNE of Hualian, Taiwan")
                        .contains("Group tour: Empty, members 0, total lag 0")
                        .contains("\n707\n1707\n1707 records over the WebSocket");
            }
        }
    }

    /** All commands of the tour after the first block, which starts the platform. */
    private static String tour() throws Exception {
        String readme = Files.readString(HOME.resolve("README.md"));
        String section =
                readme.substring(readme.indexOf("## A tour"), readme.indexOf("## The modules"));
        List<String> blocks =
                BLOCK.matcher(section)
                        .results()
                        .map((MatchResult block) -> block.group(1))
                        .toList();
        assertThat(blocks).hasSizeGreaterThan(5);
        assertThat(blocks.getFirst()).isEqualTo("./headrace up\n");
        return String.join("\n", blocks.subList(1, blocks.size()));
    }
}
