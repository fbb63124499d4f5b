package io.headrace.standalone.cluster;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The command line of a node's JVM: the program that runs here, with the role's sizes. */
final class NodeCommandLine {
    private static final String CACHE = "-XX:AOTCache=";
    private static final Path SET_SID = Path.of("/usr/bin/setsid");

    private NodeCommandLine() {}

    /** A JVM for a node; its settings are in a file. */
    static List<String> of(NodePlan node, Path directory, Path settings, LaunchOptions options) {
        List<String> command = new ArrayList<>(detached(options));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(sizes(node.role()));
        command.addAll(
                List.of(
                        "-XX:+UseSerialGC",
                        "-XX:+UseCompactObjectHeaders",
                        // As for 'headrace up': on few cores the optimizing compiler costs more
                        // than it gives, and six processes share them here.
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-XX:ErrorFile=" + directory.resolve("crash.log"),
                        "-Xlog:disable",
                        "-Xlog:all=error:stderr",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Djava.awt.headless=true",
                        "-Dfile.encoding=UTF-8"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith(CACHE))
                .forEach(command::add);
        command.addAll(options.jvmOptions());
        String other = options.classPath();
        command.addAll(
                List.of(
                        "-cp",
                        other == null ? System.getProperty("java.class.path") : other,
                        "io.headrace.standalone.Headrace",
                        node.role().label(),
                        "--spring.config.additional-location=file:" + settings));
        return command;
    }

    /** What comes before a program so that the end of this terminal does not end it. */
    static List<String> detached(LaunchOptions options) {
        List<String> words = new ArrayList<>(options.prefix());
        if (Files.isExecutable(SET_SID)) {
            words.addFirst(SET_SID.toString());
        }
        return words;
    }

    private static List<String> sizes(Role role) {
        return switch (role) {
            case STORAGE ->
                    List.of(
                            "-Xms32m",
                            "-Xmx192m",
                            "-XX:MaxDirectMemorySize=160m",
                            "-XX:ReservedCodeCacheSize=64m");
            case COORDINATOR ->
                    List.of(
                            "-Xms24m",
                            "-Xmx144m",
                            "-XX:MaxDirectMemorySize=64m",
                            "-XX:ReservedCodeCacheSize=48m");
            case GATEWAY ->
                    List.of(
                            "-Xms24m",
                            "-Xmx128m",
                            "-XX:MaxDirectMemorySize=64m",
                            "-XX:ReservedCodeCacheSize=48m");
            case POSTGRES -> throw new IllegalArgumentException("PostgreSQL is no JVM");
        };
    }

    /** Variables of every process of a cluster. */
    static Map<String, String> environment() {
        // Few arenas: the memory of a JVM's native part grows with each.
        return Map.of("MALLOC_ARENA_MAX", "2");
    }
}
