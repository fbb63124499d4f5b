package io.headrace.benchmarks.scenario;

import io.headrace.benchmarks.contender.Contender;
import io.headrace.benchmarks.contender.Server;
import io.headrace.benchmarks.contender.Usage;
import io.headrace.benchmarks.load.FanOut;
import io.headrace.benchmarks.load.KafkaTools;
import io.headrace.benchmarks.load.NativeLoad;
import io.headrace.benchmarks.load.Topics;
import io.headrace.benchmarks.load.Wrk;
import io.headrace.benchmarks.scenario.Scenario.Kind;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * One scenario on one contender, from its start over an empty directory to its end.
 *
 * @param seconds how long the load lasts
 */
public record ScenarioRun(
        Scenario scenario,
        Contender contender,
        int seconds,
        NativeLoad load,
        KafkaTools kafkaTools,
        Wrk wrk,
        FanOut fanOut) {
    private static final String TOPIC = "bench";
    private static final int IDLE_BEFORE_SECONDS = 10;
    private static final double MEGABYTE = 1e6;

    /** Something that puts load on a server. */
    @FunctionalInterface
    private interface Step {
        Map<String, Double> run() throws IOException, InterruptedException;
    }

    /** Runs it and answers its figures by name. */
    public Map<String, Double> run(Path folder) throws IOException, InterruptedException {
        Server first = contender.start(folder);
        Server server = first;
        try {
            Topics.create(contender, server, TOPIC, scenario.partitions(), scenario.topic());
            switch (scenario.kind()) {
                case CONSUME_COLD -> {
                    prepare(server, folder);
                    server.close();
                    load.evict(logFiles(folder), folder);
                    server = contender.start(folder);
                }
                case RESTART -> {
                    prepare(server, folder);
                    server.kill();
                    server = contender.start(folder);
                }
                case CONSUME_WARM, DRAIN -> prepare(server, folder);
                case HTTP_SINGLE, HTTP_BATCH ->
                        wrk.warmUp(server, TOPIC, script(), Math.max(4, seconds / 2), folder);
                default -> {}
            }
            Server loaded = server;
            Map<String, Double> figures = measured(server, () -> put(loaded, folder));
            figures.put("start ms", (double) server.startMs());
            return figures;
        } finally {
            server.close();
            first.close();
        }
    }

    private Map<String, Double> put(Server server, Path folder)
            throws IOException, InterruptedException {
        return switch (scenario.kind()) {
            case PRODUCE -> load.run(server, "produce", settings("seconds", seconds), folder);
            case PRODUCE_JAVA ->
                    kafkaTools.produce(
                            server, TOPIC, 500_000L * seconds, scenario.recordBytes(), folder);
            case CONSUME_WARM, CONSUME_COLD ->
                    load.run(server, "consume", settings("records", backlog()), folder);
            case DRAIN -> drain(server, folder);
            case LATENCY -> {
                Map<String, String> settings = settings("seconds", seconds);
                settings.put("warmup", "5");
                yield load.run(server, "latency", settings, folder);
            }
            case HTTP_SINGLE -> wrk.produce(server, TOPIC, script(), 1, seconds, folder);
            case HTTP_BATCH -> wrk.produce(server, TOPIC, script(), 100, seconds, folder);
            case FAN_OUT -> fanOut.run(server, TOPIC, 1000, scenario.rate(), seconds, folder);
            case IDLE -> idle();
            case START, RESTART -> firstRecord(server, folder);
        };
    }

    /** What a backlog holds, so that reading it takes some seconds. */
    private long backlog() {
        long bytes = scenario.kind() == Kind.RESTART ? 5_000_000_000L : 100_000_000L * seconds;
        return bytes / scenario.recordBytes();
    }

    private void prepare(Server server, Path folder) throws IOException, InterruptedException {
        Map<String, String> settings = settings("records", backlog());
        settings.remove("rate");
        load.run(server, "produce", settings, folder);
    }

    private Map<String, Double> drain(Server server, Path folder)
            throws IOException, InterruptedException {
        NativeLoad.Running producing =
                load.start(server, "produce", settings("seconds", seconds), folder);
        Map<String, Double> drained =
                load.run(server, "consume", settings("records", backlog()), folder);
        producing.await();
        return drained;
    }

    private Map<String, Double> idle() throws InterruptedException {
        TimeUnit.SECONDS.sleep(seconds); // what is measured is that nothing happens
        return new LinkedHashMap<>(Map.of("seconds", (double) seconds));
    }

    /** The time from the process's start: it served already, so the rest is this record's. */
    private Map<String, Double> firstRecord(Server server, Path folder)
            throws IOException, InterruptedException {
        long begun = System.nanoTime();
        load.run(server, "produce", settings("records", 1), folder);
        double ms = server.startMs() + (System.nanoTime() - begun) / 1e6;
        return new LinkedHashMap<>(Map.of("first record ms", ms));
    }

    private String script() {
        return scenario.kind() == Kind.HTTP_SINGLE ? "single.lua" : "batch.lua";
    }

    private Map<String, String> settings(String bound, long value) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("topic", TOPIC);
        settings.put("partitions", "" + scenario.partitions());
        settings.put("size", "" + scenario.recordBytes());
        settings.put("producers", "" + scenario.producers());
        settings.put("keys", scenario.keys() ? "1" : "0");
        if (scenario.rate() > 0) {
            settings.put("rate", "" + scenario.rate());
        }
        settings.put(bound, "" + value);
        scenario.client().forEach((name, set) -> settings.put("conf." + name, set));
        return settings;
    }

    /** A load's figures with what the server and the machine used meanwhile. */
    private Map<String, Double> measured(Server server, Step step)
            throws IOException, InterruptedException {
        if (scenario.kind() == Kind.IDLE) {
            TimeUnit.SECONDS.sleep(IDLE_BEFORE_SECONDS);
        }
        Usage before = server.usage();
        double busyBefore = Usage.machineBusySeconds();
        double clientBefore = Usage.endedChildrenSeconds();
        long begun = System.nanoTime();
        Map<String, Double> figures = step.run();
        double elapsed = (System.nanoTime() - begun) / 1e9;
        Usage after = server.usage();
        double used = after.seconds() - before.seconds();
        double client = Usage.endedChildrenSeconds() - clientBefore;
        double other = Usage.machineBusySeconds() - busyBefore - used - client;
        Double records = figures.get("records");
        Double bytes = figures.get("bytes");
        double user = after.userSeconds() - before.userSeconds();
        if (records != null && bytes != null) {
            figures.put("server CPU s/M records", used / (records / 1e6));
            figures.put("server user s/M records", user / (records / 1e6));
            figures.put("server system s/M records", (used - user) / (records / 1e6));
            figures.put("server CPU s/GB", used / (bytes / 1e9));
            figures.put("client CPU s/M records", client / (records / 1e6));
            long written = after.writtenBytes() - before.writtenBytes();
            figures.put("written/payload", written / bytes);
        } else {
            figures.put("server CPU s", used);
        }
        figures.put("server peak MB", after.peakBytes() / MEGABYTE);
        figures.put("server RSS MB", after.residentBytes() / MEGABYTE);
        figures.put("others' cores", Math.max(0, other / elapsed));
        return figures;
    }

    private static List<Path> logFiles(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".log")).toList();
        }
    }
}
