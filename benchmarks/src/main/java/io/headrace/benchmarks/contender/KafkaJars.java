package io.headrace.benchmarks.contender;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Apache Kafka's jars, fetched from Maven Central when they are first needed.
 *
 * @param folder where they are
 */
public record KafkaJars(Path folder) {
    public static final String VERSION = "4.3.1";

    /** The jars beside the program's own; fetched with Maven if they are not there yet. */
    public static KafkaJars fetch(Path home, java.io.PrintWriter progress)
            throws IOException, InterruptedException {
        Path folder = home.resolve("benchmarks/target/kafka-" + VERSION);
        if (!Files.isDirectory(folder)) {
            progress.println("Fetching Apache Kafka " + VERSION + " from Maven Central ...");
            progress.flush();
            Path partial = folder.resolveSibling("kafka-partial");
            Process maven =
                    new ProcessBuilder(
                                    "mvn",
                                    "-q",
                                    "-B",
                                    "-f",
                                    home.resolve("benchmarks/src/main/kafka/pom.xml").toString(),
                                    "dependency:copy-dependencies",
                                    "-DoutputDirectory=" + partial)
                            .redirectErrorStream(true)
                            .redirectInput(new File("/dev/null"))
                            .inheritIO()
                            .start();
            if (maven.waitFor() != 0) {
                throw new IOException("Maven could not fetch Apache Kafka; its output is above");
            }
            Files.move(partial, folder);
        }
        return new KafkaJars(folder);
    }

    /** A JVM that runs one of Kafka's main classes. */
    public ProcessBuilder java(List<String> options, String mainClass, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(List.of("-cp", folder + "/*", mainClass));
        command.addAll(arguments);
        return new ProcessBuilder(command);
    }

    /** Waits until a server accepts connections. */
    boolean awaitServing(String bootstrap, Path output) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (System.nanoTime() < deadline) {
            if (Server.accepts(bootstrap)) {
                return true;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        Files.writeString(output, "nobody listened at " + bootstrap);
        return false;
    }
}
