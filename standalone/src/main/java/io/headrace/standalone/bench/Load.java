package io.headrace.standalone.bench;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a scenario does to a server, with Kafka's own performance tools as the client.
 *
 * @param records how many
 * @param recordBytes the size of each
 * @param partitions of the topic
 */
record Load(Kind kind, long records, int recordBytes, int partitions, KafkaJars jars) {
    /** The topic that the load is put on; it must exist. */
    static final String TOPIC = "bench";

    private static final Pattern PRODUCED =
            Pattern.compile(
                    "(\\d+) records sent, ([\\d.]+) records/sec .*?, ([\\d.]+) ms avg latency,"
                            + " ([\\d.]+) ms max latency, (\\d+) ms 50th, (\\d+) ms 95th, (\\d+) ms"
                            + " 99th");
    private static final Pattern LATENCY =
            Pattern.compile("Percentiles: 50th = (\\d+), 99th = (\\d+), 99.9th = (\\d+)");

    /** The scenarios. */
    enum Kind {
        PRODUCE,
        CONSUME,
        LATENCY
    }

    /** Runs the load once, on the topic {@link #TOPIC}, and answers its figures by name. */
    Map<String, Double> run(Server server, Path folder) throws IOException, InterruptedException {
        Map<String, Double> figures = new LinkedHashMap<>();
        if (kind == Kind.CONSUME) {
            produce(server, folder);
        }
        double cpuBefore = server.cpuSeconds();
        switch (kind) {
            case PRODUCE -> figures.putAll(produce(server, folder));
            case CONSUME -> figures.putAll(consume(server, folder));
            case LATENCY -> figures.putAll(latency(server, folder));
        }
        double cpu = server.cpuSeconds() - cpuBefore;
        figures.put("server CPU s/M records", cpu / (records / 1e6));
        figures.put("server peak MB", (double) server.peakMegabytes());
        return figures;
    }

    private Map<String, Double> produce(Server server, Path folder)
            throws IOException, InterruptedException {
        String output =
                tool(
                        "org.apache.kafka.tools.ProducerPerformance",
                        List.of(
                                "--bootstrap-server",
                                server.bootstrap(),
                                "--topic",
                                TOPIC,
                                "--num-records",
                                "" + records,
                                "--record-size",
                                "" + recordBytes,
                                "--throughput",
                                "-1",
                                "--command-property",
                                "acks=all"),
                        folder);
        Matcher matcher = PRODUCED.matcher(output);
        Matcher last = null;
        while (matcher.find()) {
            last = matcher;
            if (Long.parseLong(matcher.group(1)) == records) {
                break;
            }
        }
        if (last == null || Long.parseLong(last.group(1)) != records) {
            throw new IOException("The producer did not send all records:\n" + output);
        }
        double perSecond = Double.parseDouble(last.group(2));
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("records/s", perSecond);
        figures.put("MB/s", perSecond * recordBytes / 1e6);
        figures.put("p50 ms", Double.valueOf(last.group(5)));
        figures.put("p99 ms", Double.valueOf(last.group(7)));
        return figures;
    }

    private Map<String, Double> consume(Server server, Path folder)
            throws IOException, InterruptedException {
        String output =
                tool(
                        "org.apache.kafka.tools.ConsumerPerformance",
                        List.of(
                                "--bootstrap-server",
                                server.bootstrap(),
                                "--topic",
                                TOPIC,
                                "--num-records",
                                "" + records,
                                "--timeout",
                                "30000"),
                        folder);
        String[] values =
                output.lines()
                        .filter(line -> line.matches("\\d{4}-.*,.*"))
                        .reduce((first, second) -> second)
                        .orElseThrow(() -> new IOException("No result:\n" + output))
                        .split(",", -1);
        // start, end, MB, MB/s, records, records/s, rebalance ms, fetch ms, fetch MB/s, records/s
        if (Long.parseLong(values[4].strip()) < records) {
            throw new IOException("The consumer did not read all records:\n" + output);
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("records/s", Double.valueOf(values[9].strip()));
        figures.put("MB/s", Double.valueOf(values[8].strip()));
        return figures;
    }

    private Map<String, Double> latency(Server server, Path folder)
            throws IOException, InterruptedException {
        String output =
                tool(
                        "org.apache.kafka.tools.EndToEndLatency",
                        List.of(
                                "--bootstrap-server",
                                server.bootstrap(),
                                "--topic",
                                TOPIC,
                                "--num-records",
                                "" + records,
                                "--producer-acks",
                                "all",
                                "--record-size",
                                "" + recordBytes),
                        folder);
        Matcher matcher = LATENCY.matcher(output);
        if (!matcher.find()) {
            throw new IOException("No result:\n" + output);
        }
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("p50 ms", Double.valueOf(matcher.group(1)));
        figures.put("p99 ms", Double.valueOf(matcher.group(2)));
        figures.put("p99.9 ms", Double.valueOf(matcher.group(3)));
        return figures;
    }

    private String tool(String mainClass, List<String> arguments, Path folder)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "tool", ".out");
        Process process =
                jars.java(List.of("-Xmx512m", "-XX:+UseSerialGC"), mainClass, arguments)
                        .redirectErrorStream(true)
                        .redirectInput(new File("/dev/null"))
                        .redirectOutput(output.toFile())
                        .start();
        if (!process.waitFor(10, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new IOException(mainClass + " did not end within 10 minutes");
        }
        String said = Files.readString(output);
        if (process.exitValue() != 0) {
            throw new IOException(mainClass + " failed:\n" + said);
        }
        return said;
    }
}
