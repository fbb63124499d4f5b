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
        List<String> up =
                List.of(
                        "up",
                        "--storage",
                        "" + nodes,
                        "--kafka-port",
                        "0",
                        "--http-port",
                        "0",
                        "--set",
                        "min.insync.replicas=" + Math.max(1, nodes - 1));
        long begun = System.nanoTime();
        awaitDone(command(directory, up), directory);
        return running(clusterIn(directory), (System.nanoTime() - begun) / 1_000_000);
    }

    @Override
    public Server restartNodes(Server server, Path directory)
            throws IOException, InterruptedException {
        server.nodes().values().forEach(ProcessHandle::destroy);
        Server.awaitEnd(server.nodes().values());
        List<String> start = new ArrayList<>(List.of("start"));
        server.nodes().keySet().forEach(id -> start.add("storage-" + id));
        Process command = command(directory, start);
        for (String address : server.bootstrap().split(",", -1)) {
            while (!Server.accepts(address) && command.isAlive()) {
                TimeUnit.MILLISECONDS.sleep(5);
            }
        }
        double served = Usage.machineSeconds();
        awaitDone(command, directory);
        Server again = running(clusterIn(directory), 0);
        double begun = 0;
        for (ProcessHandle node : again.nodes().values()) {
            begun = Math.max(begun, Usage.startedSeconds(node.pid()));
        }
        return again.startedIn(Math.round((served - begun) * 1000));
    }

    private static Path clusterIn(Path directory) {
        return directory.resolve("cluster");
    }

    private static Path saidIn(Path directory) {
        return directory.resolve("cluster.out");
    }

    /** Starts {@code headrace cluster} with a subcommand. */
    private Process command(Path directory, List<String> subcommand) throws IOException {
        List<String> words =
                new ArrayList<>(List.of(home.resolve("headrace").toString(), "cluster"));
        words.addAll(subcommand);
        words.addAll(List.of("--dir", clusterIn(directory).toString()));
        ProcessBuilder command = new ProcessBuilder(words);
        command.environment()
                .putAll(Map.of("HEADRACE_NO_BUILD", "true", "HEADRACE_NO_CACHE", "true"));
        return command.redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(saidIn(directory).toFile())
                .start();
    }

    private static void awaitDone(Process command, Path directory)
            throws IOException, InterruptedException {
        if (!command.waitFor(2, TimeUnit.MINUTES) || command.exitValue() != 0) {
            throw new IOException(
                    "The cluster did not start:\n" + Files.readString(saidIn(directory)));
        }
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
