package io.headrace.standalone.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

/** One of Kafka's command-line tools, run from its main class in the process that all share. */
final class KafkaTool {
    private final String mainClass;

    private KafkaTool(String mainClass) {
        this.mainClass = mainClass;
    }

    /** The tool with that main class. */
    static KafkaTool of(String mainClass) {
        return new KafkaTool(mainClass);
    }

    /** Runs the tool to its good end and answers what it printed. */
    String run(String... arguments) throws IOException {
        return feed("", arguments);
    }

    /** As {@link #run}, with something to read on standard input. */
    String feed(String input, String... arguments) throws IOException {
        ToolProcess.Outcome outcome = ToolProcess.shared().run(mainClass, input, arguments);
        assertThat(outcome.exitCode()).describedAs("%s: %s", mainClass, outcome.output()).isZero();
        return outcome.output();
    }
}
