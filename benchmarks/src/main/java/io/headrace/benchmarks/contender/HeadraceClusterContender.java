package io.headrace.benchmarks.contender;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * This platform as {@code headrace cluster up} runs it: storage nodes, two coordinators, their
 * PostgreSQL and a gateway, each a process with the memory that it gets by default.
 *
 * @param home where the launcher is
 * @param nodes how many storage nodes
 */
public record HeadraceClusterContender(
        Path home, String name, int nodes, Map<String, String> topicConfigs) implements Contender {

    private static final long NODE_LIMIT_BYTES = 512L << 20;

    @Override
    public OptionalLong nodeLimitBytes() {
        return OptionalLong.of(NODE_LIMIT_BYTES);
    }

    @Override
    public String settings() {
        return "headrace cluster up --storage " + nodes + ", topic configs " + topicConfigs;
    }

    @Override
    public Server start(Path directory) throws IOException, InterruptedException {
        Path cluster = directory.resolve("cluster");
        ProcessBuilder command =
                new ProcessBuilder(
                        home.resolve("headrace").toString(),
                        "cluster",
                        "up",
                        "--dir",
                        cluster.toString(),
                        "--storage",
                        "" + nodes,
                        "--kafka-port",
                        "0",
                        "--http-port",
                        "0",
                        "--set",
                        "min.insync.replicas=" + Math.max(1, nodes - 1));
        command.environment()
                .putAll(Map.of("HEADRACE_NO_BUILD", "true", "HEADRACE_NO_CACHE", "true"));
        Path said = directory.resolve("up.out");
        long begun = System.nanoTime();
        Process up =
                command.redirectInput(new File("/dev/null"))
                        .redirectErrorStream(true)
                        .redirectOutput(said.toFile())
                        .start();
        if (!up.waitFor(2, TimeUnit.MINUTES) || up.exitValue() != 0) {
            throw new IOException("The cluster did not start:\n" + Files.readString(said));
        }
        return running(cluster, (System.nanoTime() - begun) / 1_000_000);
    }

    /** What runs by the plan in {@code cluster.json} and the {@code pid} file of each node. */
    private static Server running(Path cluster, long startMs) throws IOException {
        JsonNode plan =
                JsonMapper.builder()
                        .build()
                        .readTree(Files.readString(cluster.resolve("cluster.json")));
        List<ProcessHandle> processes = new ArrayList<>();
        Map<Integer, ProcessHandle> storage = new TreeMap<>();
        List<String> addresses = new ArrayList<>();
        for (JsonNode node : plan.path("nodes")) {
            String name = node.path("name").asString();
            String pid = Files.readString(cluster.resolve(name).resolve("pid")).split(" ", 2)[0];
            ProcessHandle process =
                    ProcessHandle.of(Long.parseLong(pid))
                            .orElseThrow(() -> new IOException(name + " does not run"));
            processes.add(process);
            if (node.path("role").asString().equals("STORAGE")) {
                storage.put(node.path("id").asInt(), process);
                addresses.add(node.path("host").asString() + ":" + node.path("port").asInt());
            }
        }
        return new Server(processes, storage, String.join(",", addresses), null, startMs);
    }
}
