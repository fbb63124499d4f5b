package io.headrace.standalone;

import io.headrace.standalone.cluster.LaunchOptions;
import io.headrace.testkit.process.ChildProcess;

import org.jspecify.annotations.Nullable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * The program as tests run it in processes of its own: the jar that the build has just made, with
 * the JVM's cache of its classes, as the script {@code headrace} runs it. Where there is no such
 * jar, the classes of this JVM.
 */
public final class Program {
    /** Set by the build for integration tests. */
    private static final @Nullable String JAR = System.getProperty("headrace.jar");

    private Program() {}

    /** A JVM with the program, without arguments yet. */
    public static ChildProcess.Builder java(String... jvmOptions) {
        if (JAR == null) {
            return ChildProcess.java(Headrace.class, jvmOptions);
        }
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.addAll(Arrays.asList(jvmOptions));
        command.addAll(
                List.of("-XX:+UseCompactObjectHeaders", "-Xlog:disable", "-Xlog:all=error:stderr"));
        command.addAll(cacheOption(JAR));
        command.addAll(List.of("-jar", JAR));
        return ChildProcess.command(command.toArray(String[]::new));
    }

    /** The same for the processes of a cluster. */
    public static LaunchOptions launchOptions() {
        return JAR == null
                ? LaunchOptions.NONE
                : new LaunchOptions(List.of(), Map.of(), cacheOption(JAR), JAR);
    }

    private static List<String> cacheOption(String jar) {
        Path cache = Path.of(jar).resolveSibling("headrace.aot");
        return Files.exists(cache) ? List.of("-XX:AOTCache=" + cache) : List.of();
    }
}
