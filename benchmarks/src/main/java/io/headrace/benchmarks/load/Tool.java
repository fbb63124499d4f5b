package io.headrace.benchmarks.load;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Programs that the loads run, with a file for what they say. */
final class Tool {
    private static final int LIMIT_MINUTES = 10;

    private Tool() {}

    static Process start(List<String> command, Path output) throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectInput(new File("/dev/null"))
                .redirectOutput(output.toFile())
                .start();
    }

    /** The command of a program of this module in a JVM of its own. */
    static List<String> java(List<String> options, Class<?> program, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), program.getName()));
        command.addAll(arguments);
        return command;
    }

    /** Waits for success and answers what was said. */
    static String await(Process process, Path output) throws IOException, InterruptedException {
        if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IOException("A load did not end within " + LIMIT_MINUTES + " minutes");
        }
        String said = Files.readString(output);
        if (process.exitValue() != 0) {
            throw new IOException("A load failed (" + process.exitValue() + "):\n" + said);
        }
        return said;
    }

    static String run(List<String> command, Path output, String otherwise)
            throws IOException, InterruptedException {
        Process process;
        try {
            process = start(command, output);
        } catch (IOException e) {
            throw new IOException(command.getFirst() + " cannot be run: " + otherwise, e);
        }
        try {
            return await(process, output);
        } catch (IOException e) {
            throw new IOException(otherwise + ": " + e.getMessage(), e);
        }
    }
}
