package io.headrace.testkit.process;

import io.headrace.testkit.wait.Eventually;

import org.jspecify.annotations.Nullable;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A real child process whose output goes to a file, ended with its own children at the latest when
 * it is closed or this JVM exits.
 *
 * <pre>{@code
 * try (ChildProcess server =
 *         ChildProcess.java(Server.class).arguments("--port", "0").output(folder.resolve("out")).start()) {
 *     String line = server.awaitLine(Duration.ofSeconds(20), text -> text.startsWith("Serving"));
 *     server.killHard();
 * }
 * }</pre>
 */
public final class ChildProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int TAIL_LINES = 40;
    private static final Set<Process> ALIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> ALIVE.forEach(ChildProcess::killTree), "end-children"));
    }

    private final Process process;
    private final Path output;
    private final String description;

    private ChildProcess(Process process, Path output, String description) {
        this.process = process;
        this.output = output;
        this.description = description;
    }

    /** A process to be started: what it runs, where, with what. */
    public static final class Builder {
        private final List<String> command;
        private final Map<String, String> environment = new TreeMap<>();
        private @Nullable Path directory;
        private @Nullable Path input;
        private @Nullable Path output;

        private Builder(List<String> command) {
            this.command = new ArrayList<>(command);
        }

        /** Adds arguments at the end of the command. */
        public Builder arguments(String... arguments) {
            command.addAll(Arrays.asList(arguments));
            return this;
        }

        /** Puts a program in front that runs this one, such as a tracer. */
        public Builder under(String... program) {
            command.addAll(0, Arrays.asList(program));
            return this;
        }

        /** Sets an environment variable, beside those of this process. */
        public Builder environment(String name, String value) {
            environment.put(name, value);
            return this;
        }

        /** The working directory; this process's own by default. */
        public Builder directory(Path folder) {
            directory = folder;
            return this;
        }

        /** A file to be read as standard input; nothing by default. */
        public Builder input(Path file) {
            input = file;
            return this;
        }

        /** The file for standard output and error; a new temporary file by default. */
        public Builder output(Path file) {
            output = file;
            return this;
        }

        /** Starts the process. */
        public ChildProcess start() throws IOException {
            Path out = output == null ? Files.createTempFile("child", ".out") : output;
            ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
            builder.environment().putAll(environment);
            builder.redirectOutput(out.toFile());
            builder.redirectInput(input == null ? new File("/dev/null") : input.toFile());
            if (directory != null) {
                builder.directory(directory.toFile());
            }
            Process process = builder.start();
            ALIVE.add(process);
            return new ChildProcess(process, out, String.join(" ", command));
        }
    }

    /** A command and its arguments. */
    public static Builder command(String... command) {
        return new Builder(Arrays.asList(command));
    }

    /** A JVM like this one, with this one's class path, that runs a main class. */
    public static Builder java(Class<?> main, String... jvmOptions) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.addAll(Arrays.asList(jvmOptions));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return new Builder(command);
    }

    /** The process id. */
    public long pid() {
        return process.pid();
    }

    /** Whether it runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** The file with everything the process has said. */
    public Path outputFile() {
        return output;
    }

    /** Everything the process has said so far; bytes that are no text are replaced. */
    public String output() {
        try {
            return new String(Files.readAllBytes(output), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /**
     * The first whole line that satisfies the condition.
     *
     * @throws AssertionError after the limit, or when the process ends without such a line; the
     *     message holds the end of the output
     */
    public String awaitLine(Duration limit, Predicate<String> wanted) {
        Optional<String> found =
                Eventually.until(
                                limit,
                                () -> {
                                    boolean ended = !process.isAlive();
                                    Optional<String> line = firstLine(wanted);
                                    return new Seen(line, ended);
                                },
                                seen -> seen.line.isPresent() || seen.ended,
                                "a line of " + description)
                        .line;
        return found.orElseThrow(
                () ->
                        new AssertionError(
                                description
                                        + " ended with "
                                        + process.exitValue()
                                        + "; it said:\n"
                                        + tail()));
    }

    private record Seen(Optional<String> line, boolean ended) {}

    private Optional<String> firstLine(Predicate<String> wanted) {
        String text = output();
        String whole = text.substring(0, text.lastIndexOf('\n') + 1);
        return whole.lines().filter(wanted).findFirst();
    }

    /**
     * Waits for the process to end by itself.
     *
     * @return its exit code
     * @throws AssertionError after the limit, with the end of the output
     */
    public int awaitExit(Duration limit) {
        try {
            if (process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
                ALIVE.remove(process);
                return process.exitValue();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        throw new AssertionError(
                description + " still runs after " + limit + "; it said:\n" + tail());
    }

    /** Asks the process to end (SIGTERM). */
    public void terminate() {
        process.destroy();
    }

    /** Kills the process where it stands (SIGKILL) and waits until it is gone. */
    public void killHard() {
        killTree(process);
        awaitExit(PATIENCE);
    }

    /** The last lines of the output. */
    public String tail() {
        List<String> lines = output().lines().toList();
        return String.join(
                "\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    }

    /** Ends the process and its children, if they still run. */
    @Override
    public void close() {
        if (process.isAlive()) {
            killHard();
        }
        ALIVE.remove(process);
    }

    private static void killTree(Process process) {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }
}
