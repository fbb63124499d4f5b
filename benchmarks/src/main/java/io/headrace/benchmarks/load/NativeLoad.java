package io.headrace.benchmarks.load;

import io.headrace.benchmarks.contender.Server;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The C program on librdkafka ({@code src/main/c/load.c}).
 *
 * @param program its executable
 */
public record NativeLoad(Path program) {

    /** The program, compiled if it is older than its source. */
    public static NativeLoad build(Path module) throws IOException, InterruptedException {
        Path source = module.resolve("src/main/c/load.c");
        Path program = module.resolve("target/load");
        compile(source, program, List.of("-lrdkafka", "-lpthread"));
        return new NativeLoad(program);
    }

    static void compile(Path source, Path program, List<String> libraries)
            throws IOException, InterruptedException {
        boolean isFresh =
                Files.exists(program)
                        && Files.getLastModifiedTime(program)
                                        .compareTo(Files.getLastModifiedTime(source))
                                > 0;
        if (isFresh) {
            return;
        }
        Files.createDirectories(program.getParent());
        List<String> command = new ArrayList<>(List.of("cc", "-O2", "-Wall", "-o"));
        command.addAll(List.of(program.toString(), source.toString()));
        command.addAll(libraries);
        Tool.run(
                command,
                program.resolveSibling("cc.out"),
                "a C compiler and librdkafka's headers are needed (Debian: gcc, librdkafka-dev)");
    }

    /** A running load that ends by itself. */
    public record Running(Process process, Path output) {
        /** Waits for the end and answers what it counted. */
        public Map<String, Double> await() throws IOException, InterruptedException {
            return figuresOf(Tool.await(process, output));
        }

        /** Waits until it says a word, as a load does that has begun. */
        public void awaitSaid(String word, int seconds) throws IOException, InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
            while (!Files.readString(output).contains(word)) {
                if (System.nanoTime() > deadline || !process.isAlive()) {
                    process.destroyForcibly();
                    throw new IOException(
                            "A load does not say '" + word + "':\n" + Files.readString(output));
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }

        /** Ends one that goes on until it is told to, and fails if it counted errors. */
        public void stop() throws IOException, InterruptedException {
            process.destroy();
            figuresOf(Tool.await(process, output));
        }
    }

    /** Runs a mode of the program to its end. */
    public Map<String, Double> run(
            Server server, String mode, Map<String, String> settings, Path folder)
            throws IOException, InterruptedException {
        return start(server, mode, settings, folder).await();
    }

    /** Starts a mode of the program. */
    public Running start(Server server, String mode, Map<String, String> settings, Path folder)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(program.toString(), mode));
        command.add("bootstrap=" + server.bootstrap());
        settings.forEach((name, value) -> command.add(name + "=" + value));
        Path output = Files.createTempFile(folder, mode, ".out");
        return new Running(Tool.start(command, output), output);
    }

    /** Takes files out of the page cache, after they are written out. */
    public void evict(List<Path> files, Path folder) throws IOException, InterruptedException {
        if (files.isEmpty()) {
            return;
        }
        List<String> command = new ArrayList<>(List.of(program.toString(), "evict"));
        files.forEach(file -> command.add(file.toString()));
        Tool.run(command, folder.resolve("evict.out"), "files could not be evicted");
    }

    /** The figures of the last line of JSON; errors and missing records are failures. */
    static Map<String, Double> figuresOf(String output) throws IOException {
        String line =
                output.lines()
                        .filter(each -> each.startsWith("{"))
                        .reduce((first, second) -> second)
                        .orElseThrow(() -> new IOException("No result:\n" + output));
        JsonNode counted = JsonMapper.builder().build().readTree(line);
        if (counted.path("errors").asLong() != 0 || counted.path("missing").asLong() != 0) {
            throw new IOException("The load met errors or misses records:\n" + output);
        }
        double records = counted.path("records").asDouble();
        double seconds = counted.path("seconds").asDouble();
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("records", records);
        figures.put("bytes", counted.path("bytes").asDouble());
        figures.put("records/s", records / seconds);
        figures.put("MB/s", counted.path("bytes").asDouble() / seconds / 1e6);
        for (String quantile : List.of("p50", "p90", "p99", "p999", "max")) {
            if (counted.has(quantile)) {
                figures.put(quantile + " ms", counted.path(quantile).asDouble());
            }
        }
        return figures;
    }
}
