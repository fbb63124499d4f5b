package io.headrace.testkit.tool;

import static java.lang.StackWalker.Option.RETAIN_CLASS_REFERENCE;
import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.Assumptions;

import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A program that a test needs and that may not be installed.
 *
 * <p>A test that begins with {@link #assumeOrRequire} is skipped without the program and says why;
 * with {@code HEADRACE_REQUIRE_TOOLS=true} in the environment (as {@code .ci/run} sets it), it
 * fails.
 *
 * @param name the command, such as {@code kcat}
 * @param installation how to install it, such as {@code apt-get install kcat}
 */
public record ExternalTool(String name, String installation) {
    /** The environment variable that makes a missing tool a failure. */
    public static final String REQUIRE_VARIABLE = "HEADRACE_REQUIRE_TOOLS";

    /** The librdkafka command-line client. */
    public static final ExternalTool KCAT = new ExternalTool("kcat", "apt-get install kcat");

    /** The JavaScript runtime that runs KafkaJS. */
    public static final ExternalTool NODE = new ExternalTool("node", "apt-get install nodejs");

    /** The package manager that installs KafkaJS. */
    public static final ExternalTool NPM = new ExternalTool("npm", "apt-get install npm");

    /** The tracer of system calls. */
    public static final ExternalTool STRACE = new ExternalTool("strace", "apt-get install strace");

    /** Where the program is on the PATH. */
    public Optional<Path> find() {
        return find(System.getenv().getOrDefault("PATH", ""));
    }

    /**
     * Where the program is; skips the test, or fails it where tools are required. A skipped test
     * says why on the console of the build.
     */
    public Path assumeOrRequire() {
        Optional<Path> found = find();
        boolean required = Boolean.parseBoolean(System.getenv(REQUIRE_VARIABLE));
        if (found.isEmpty() && !required) {
            String test =
                    StackWalker.getInstance(RETAIN_CLASS_REFERENCE).getCallerClass().getName();
            sayOnConsole("[WARNING] Skipped in " + test + ": " + missing());
        }
        return assumeOrRequire(found, required);
    }

    /** Past the test runner, which keeps {@code System.err} in files that nobody reads. */
    private static void sayOnConsole(String line) {
        PrintStream console =
                new PrintStream(new FileOutputStream(FileDescriptor.err), true, UTF_8);
        console.println(line);
    }

    private String missing() {
        return name + " is not installed (" + installation + ")";
    }

    Optional<Path> find(String searchPath) {
        for (String folder : searchPath.split(File.pathSeparator, -1)) {
            if (!folder.isBlank()) {
                Path program = Path.of(folder, name);
                if (Files.isRegularFile(program) && Files.isExecutable(program)) {
                    return Optional.of(program);
                }
            }
        }
        return Optional.empty();
    }

    Path assumeOrRequire(Optional<Path> found, boolean required) {
        if (found.isEmpty() && required) {
            throw new AssertionError(missing() + ", and " + REQUIRE_VARIABLE + "=true asks for it");
        }
        Assumptions.assumeTrue(found.isPresent(), missing());
        return found.orElseThrow();
    }
}
