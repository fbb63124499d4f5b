package io.headrace.standalone.tools;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.process.ChildProcess;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** One of Kafka's command-line tools, run from its main class in a JVM of its own. */
final class KafkaTool {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Class<?> main;

    private KafkaTool(Class<?> main) {
        this.main = main;
    }

    /** The tool with that main class. */
    static KafkaTool of(String mainClass) {
        try {
            return new KafkaTool(Class.forName(mainClass, false, KafkaTool.class.getClassLoader()));
        } catch (ClassNotFoundException e) {
            throw new AssertionError("kafka-tools has no " + mainClass, e);
        }
    }

    /** Runs the tool to its good end and answers what it printed. */
    String run(String... arguments) throws IOException {
        return feed("", arguments);
    }

    /** As {@link #run}, with something to read on standard input. */
    String feed(String input, String... arguments) throws IOException {
        Path in = Files.createTempFile("tool", ".in");
        Path out = Files.createTempFile("tool", ".out");
        try {
            Files.writeString(in, input);
            try (ChildProcess tool =
                    ChildProcess.java(main, "-Xmx256m", "-XX:+UseSerialGC", "-Xshare:auto")
                            .arguments(arguments)
                            .input(in)
                            .output(out)
                            .start()) {
                int exit = tool.awaitExit(LIMIT);
                assertThat(exit).describedAs("%s: %s", main.getName(), tool.output()).isZero();
                return tool.output();
            }
        } finally {
            Files.delete(in);
            Files.delete(out);
        }
    }
}
