package io.headrace.standalone.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;

/** One of Kafka's command-line tools, run from its main class. */
final class KafkaTool {
    private final ToolProcess process;
    private final String mainClass;

    /** The tool with that main class, to be run in that process. */
    KafkaTool(ToolProcess process, String mainClass) {
        this.process = process;
        this.mainClass = mainClass;
    }

    /** Runs the tool to its good end and answers what it printed. */
    String run(String... arguments) throws IOException {
        return feed("", arguments);
    }

    /** As {@link #run}, with something to read on standard input. */
    String feed(String input, String... arguments) throws IOException {
        ToolProcess.Outcome outcome = process.run(mainClass, input, arguments);
        assertThat(outcome.exitCode()).describedAs("%s: %s", mainClass, outcome.output()).isZero();
        return outcome.output();
    }
}
