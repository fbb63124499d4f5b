package io.headrace.benchmarks.scenario;

import io.headrace.benchmarks.contender.Contender;
import io.headrace.benchmarks.contender.Server;
import io.headrace.benchmarks.contender.Usage;
import io.headrace.benchmarks.load.ClientLoad;
import io.headrace.benchmarks.load.FanOut;
import io.headrace.benchmarks.load.KafkaTools;
import io.headrace.benchmarks.load.NativeLoad;
import io.headrace.benchmarks.load.Topics;
import io.headrace.benchmarks.load.Wrk;
import io.headrace.benchmarks.scenario.Scenario.Kind;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
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
    private static final int BACKLOG_BATCH_BYTES = 64 << 10;
    private static final String TOPIC = "bench";
    private static final String BUSY_TOPIC = "busy";
    private static final int BUSY_PARTITIONS = 6;
    private static final int QUIET_MAX_SECONDS = 120;
    private static final int IDLE_QUIET_SECONDS = 10; // more than a checkpoint comes after
    private static final int IDLE_CONSUMERS = 500;
    private static final int READY_SECONDS = 120;
    private static final List<Integer> LATENCY_RATES = List.of(1000, 5000);
    private static final List<Integer> HTTP_RECORDS = List.of(1, 100);
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
            Topics.create(
                    contender,
                    server,
                    TOPIC,
                    scenario.partitions(),
                    scenario.nodes(),
                    scenario.topic());
            Map<String, Double> more = new LinkedHashMap<>();
            switch (scenario.kind()) {
                case CONSUME_COLD -> {
                    prepare(server, folder);
                    server.close();
                    load.evict(logFiles(folder), folder);
                    server = contender.start(folder);
                }
                case RESTART -> {
                    more.put("empty: first record ms", firstRecordMs(server, folder));
                    prepare(server, folder);
                    server.kill();
                    server = contender.start(folder);
                }
                case CONSUME_WARM, DRAIN, MEMORY -> prepare(server, folder);
                case HTTP -> {
                    for (int records : HTTP_RECORDS) {
                        wrk.warmUp(
                                server, TOPIC, script(records), Math.max(4, seconds / 2), folder);
                    }
                }
                default -> {}
            }
            if (scenario.kind() != Kind.RESTART) {
                int quiet = scenario.kind() == Kind.IDLE ? IDLE_QUIET_SECONDS : 1;
                more.put("quiet after ms", (double) server.awaitQuiet(quiet, QUIET_MAX_SECONDS));
            }
            Server loaded = server;
            Map<String, Double> figures = measured(server, List.of(), () -> put(loaded, folder));
            figures.putAll(more);
            figures.put("start ms", (double) server.startMs());
            if (scenario.kind() == Kind.MEMORY) {
                judgeMemory(server, figures);
                server = contender.restartNodes(server, folder);
                figures.put("storage node: start ms", (double) server.startMs());
                figures.put("storage node: first record ms", firstRecordMs(server, folder));
            }
            if (scenario.kind() == Kind.IDLE && scenario.nodes() == 1) {
                figures.putAll(withIdleConsumers(server, folder));
            }
            if (scenario.kind() == Kind.IDLE && scenario.nodes() > 1) {
                figures.put("leaders moved ms", killOne(server));
            }
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
            case PRODUCE_JAVA -> produceWithJava(server, folder);
            case CONSUME_WARM, CONSUME_COLD ->
                    load.run(server, "consume", settings("records", backlog()), folder);
            case DRAIN, MEMORY -> drain(server, folder);
            case LATENCY -> latency(server, folder);
            case HTTP -> http(server, folder);
            case FAN_OUT -> fanOut.run(server, TOPIC, 1000, scenario.rate(), seconds, folder);
            case IDLE -> idle();
            case RESTART ->
                    new LinkedHashMap<>(Map.of("first record ms", firstRecordMs(server, folder)));
        };
    }

    private Map<String, Double> produceWithJava(Server server, Path folder)
            throws IOException, InterruptedException {
        Map<String, Double> all = new LinkedHashMap<>();
        long records = 250_000L * seconds;
        int size = scenario.recordBytes();
        gather(kafkaTools.produce(server, TOPIC, records, size, folder), "Kafka's client: ", all);
        gather(ClientLoad.produce(server, TOPIC, records, size, folder), "our client: ", all);
        return all;
    }

    /** What a backlog holds, so that reading it takes some seconds. */
    private long backlog() {
        long bytes = scenario.kind() == Kind.RESTART ? 5_000_000_000L : 100_000_000L * seconds;
        return bytes / scenario.recordBytes();
    }

    /** Batches of a number of records whatever the server does, so that all read the same. */
    private void prepare(Server server, Path folder) throws IOException, InterruptedException {
        Map<String, String> settings = settings("records", backlog());
        settings.remove("rate");
        settings.put("conf.linger.ms", "2000");
        settings.put(
                "conf.batch.num.messages",
                String.valueOf(Math.max(1, BACKLOG_BATCH_BYTES / scenario.recordBytes())));
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

    /** How a load fares, and what it costs, while many consumers wait on partitions without any. */
    private Map<String, Double> withIdleConsumers(Server server, Path folder)
            throws IOException, InterruptedException {
        Topics.create(contender, server, BUSY_TOPIC, BUSY_PARTITIONS, 1, Map.of());
        Map<String, String> waiting = new LinkedHashMap<>();
        waiting.put("topic", TOPIC);
        waiting.put("partitions", "" + scenario.partitions());
        waiting.put("consumers", "" + IDLE_CONSUMERS);
        NativeLoad.Running consumers = load.start(server, "idle", waiting, folder);
        try {
            consumers.awaitSaid("ready", READY_SECONDS);
            Map<String, String> busy = settings("seconds", seconds);
            busy.putAll(Map.of("topic", BUSY_TOPIC, "partitions", "" + BUSY_PARTITIONS));
            busy.putAll(Map.of("size", "1024", "rate", "1000", "warmup", "5"));
            busy.put("conf.linger.ms", "0");
            Map<String, Double> all = new LinkedHashMap<>();
            measured(
                            server,
                            List.of(consumers.process().pid()),
                            () -> load.run(server, "latency", busy, folder))
                    .forEach((name, value) -> all.put(IDLE_CONSUMERS + " wait: " + name, value));
            consumers.stop();
            return all;
        } finally {
            consumers.process().destroyForcibly();
        }
    }

    /** A node that took more than it may has failed, whatever it achieved. */
    private void judgeMemory(Server server, Map<String, Double> figures) throws IOException {
        long peak = server.largestNodePeakBytes();
        figures.put("storage node peak MB", peak / MEGABYTE);
        OptionalLong limit = contender.nodeLimitBytes();
        if (limit.isPresent() && peak > limit.getAsLong()) {
            throw new IOException(
                    String.format(
                            Locale.ROOT,
                            "The storage node took %.1f MB of memory; %.1f MB are allowed",
                            peak / MEGABYTE,
                            limit.getAsLong() / MEGABYTE));
        }
    }

    /**
     * Kills the node of the highest id and answers after how many milliseconds others lead all that
     * it led.
     */
    private double killOne(Server server) throws IOException {
        int victim = Collections.max(server.nodes().keySet());
        long killedNanos = System.nanoTime();
        Objects.requireNonNull(server.nodes().get(victim)).destroyForcibly();
        return Topics.awaitLeadersElsewhere(
                server, TOPIC, scenario.partitions(), victim, killedNanos);
    }

    private Map<String, Double> latency(Server server, Path folder)
            throws IOException, InterruptedException {
        Map<String, Double> all = new LinkedHashMap<>();
        for (int rate : LATENCY_RATES) {
            Map<String, String> settings = settings("seconds", seconds);
            settings.put("warmup", "5");
            settings.put("rate", "" + rate);
            gather(load.run(server, "latency", settings, folder), rate + "/s: ", all);
        }
        return all;
    }

    private Map<String, Double> http(Server server, Path folder)
            throws IOException, InterruptedException {
        Map<String, Double> all = new LinkedHashMap<>();
        for (int records : HTTP_RECORDS) {
            gather(
                    wrk.produce(server, TOPIC, script(records), records, seconds, folder),
                    records + " a request: ",
                    all);
        }
        return all;
    }

    private static String script(int recordsPerRequest) {
        return recordsPerRequest == 1 ? "single.lua" : "batch.lua";
    }

    /** Names the figures of one of several loads, and sums up what they moved. */
    private static void gather(
            Map<String, Double> figures, String prefix, Map<String, Double> all) {
        figures.forEach(
                (name, value) -> {
                    if (name.equals("records") || name.equals("bytes")) {
                        all.merge(name, value, Double::sum);
                    } else {
                        all.put(prefix + name, value);
                    }
                });
    }

    /** The time from the process's start: it served already, so the rest is this record's. */
    private double firstRecordMs(Server server, Path folder)
            throws IOException, InterruptedException {
        long begun = System.nanoTime();
        load.run(server, "produce", settings("records", 1), folder);
        return server.startMs() + (System.nanoTime() - begun) / 1e6;
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

    /**
     * A load's figures with what the server and the machine used meanwhile.
     *
     * @param clients other clients, which run before and after
     */
    private Map<String, Double> measured(Server server, List<Long> clients, Step step)
            throws IOException, InterruptedException {
        Usage before = server.usage();
        double busyBefore = Usage.machineBusySeconds();
        double clientBefore = clientSeconds(clients);
        long begun = System.nanoTime();
        Map<String, Double> figures = step.run();
        double elapsed = (System.nanoTime() - begun) / 1e9;
        Usage after = server.usage();
        double used = after.seconds() - before.seconds();
        double client = clientSeconds(clients) - clientBefore;
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
        figures.put("server open files", (double) server.openFiles());
        figures.put("others' cores", Math.max(0, other / elapsed));
        return figures;
    }

    private static double clientSeconds(List<Long> running) throws IOException {
        double seconds = Usage.endedChildrenSeconds();
        for (long pid : running) {
            seconds += Usage.of(pid).seconds();
        }
        return seconds;
    }

    private static List<Path> logFiles(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".log")).toList();
        }
    }
}
