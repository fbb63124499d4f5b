package io.headrace.standalone.clients;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.tool.ExternalTool;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** kcat, the command line of librdkafka. */
@Timeout(90)
class KcatCompatibilityIT {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir private Path folder;

    @SuppressWarnings("NullAway.Init") // started before each test
    private RunningPlatform platform;

    @BeforeEach
    void start() throws Exception {
        ExternalTool.KCAT.assumeOrRequire();
        platform = RunningPlatform.start(folder.resolve("data"));
    }

    @AfterEach
    void stop() {
        if (platform != null) {
            platform.close();
        }
    }

    private String kcat(String input, String... arguments) throws Exception {
        Path in = Files.writeString(folder.resolve("in"), input);
        ChildProcess.Builder command =
                ChildProcess.command("kcat", "-b", platform.kafkaAddress())
                        .arguments(arguments)
                        .input(in)
                        .output(folder.resolve("out"));
        try (ChildProcess kcat = command.start()) {
            int exit = kcat.awaitExit(LIMIT);
            assertThat(exit).describedAs(kcat.output()).isZero();
            return kcat.output();
        }
    }

    @Test
    void producesConsumesAndSharesAGroup() throws Exception {
        String lines =
                IntStream.range(0, 2000)
                        .mapToObj(i -> "k" + i % 5 + ":value " + i)
                        .collect(Collectors.joining("\n", "", "\n"));
        for (String codec : new String[] {"none", "gzip", "snappy", "lz4", "zstd"}) {
            String topic = "kcat-" + codec;
            kcat(lines, "-P", "-t", topic, "-p", "0", "-K:", "-z", codec, "-H", "codec=" + codec);
            assertThat(
                            kcat(
                                    "",
                                    "-C",
                                    "-q",
                                    "-t",
                                    topic,
                                    "-p",
                                    "0",
                                    "-o",
                                    "beginning",
                                    "-e",
                                    "-f",
                                    "%k:%s\n"))
                    .isEqualTo(lines);
        }
        assertThat(kcat("", "-L")).contains("topic \"kcat-zstd\" with 1 partitions", "broker 1 at");
        String grouped =
                kcat(
                        "",
                        "-G",
                        "kcats",
                        "-q",
                        "-c",
                        "2000",
                        "-X",
                        "auto.offset.reset=earliest",
                        "-f",
                        "%k:%s\n",
                        "kcat-lz4");
        assertThat(grouped.lines().filter(line -> line.contains(":value")).count()).isEqualTo(2000);
        assertThat(
                        kcat(
                                "",
                                "-C",
                                "-q",
                                "-t",
                                "kcat-gzip",
                                "-p",
                                "0",
                                "-o",
                                "1990",
                                "-e",
                                "-f",
                                "%o %h\n"))
                .startsWith("1990 codec=gzip\n");
    }
}
