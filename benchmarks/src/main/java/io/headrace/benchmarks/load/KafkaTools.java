package io.headrace.benchmarks.load;

import io.headrace.benchmarks.contender.KafkaJars;
import io.headrace.benchmarks.contender.Server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Kafka's own performance tools as the client. */
public record KafkaTools(KafkaJars jars) {
    private static final Pattern PRODUCED =
            Pattern.compile(
                    "(\\d+) records sent, ([\\d.]+) records/sec .*?, ([\\d.]+) ms avg latency,"
                            + " ([\\d.]+) ms max latency, (\\d+) ms 50th, (\\d+) ms 95th, (\\d+) ms"
                            + " 99th");

    /** {@code kafka-producer-perf-test} with its default settings and acks=all. */
    public Map<String, Double> produce(
            Server server, String topic, long records, int recordBytes, Path folder)
            throws IOException, InterruptedException {
        String output =
                tool(
                        "org.apache.kafka.tools.ProducerPerformance",
                        List.of(
                                "--bootstrap-server",
                                server.bootstrap(),
                                "--topic",
                                topic,
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
        while (matcher.find()) {
            if (Long.parseLong(matcher.group(1)) == records) {
                double perSecond = Double.parseDouble(matcher.group(2));
                Map<String, Double> figures = new LinkedHashMap<>();
                figures.put("records", (double) records);
                figures.put("bytes", (double) records * recordBytes);
                figures.put("records/s", perSecond);
                figures.put("MB/s", perSecond * recordBytes / 1e6);
                figures.put("p50 ms", Double.valueOf(matcher.group(5)));
                figures.put("p99 ms", Double.valueOf(matcher.group(7)));
                return figures;
            }
        }
        throw new IOException("The producer did not send all records:\n" + output);
    }

    /** {@code kafka-consumer-perf-test} from the beginning. */
    public Map<String, Double> consume(
            Server server, String topic, long records, int recordBytes, Path folder)
            throws IOException, InterruptedException {
        String output =
                tool(
                        "org.apache.kafka.tools.ConsumerPerformance",
                        List.of(
                                "--bootstrap-server",
                                server.bootstrap(),
                                "--topic",
                                topic,
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
        figures.put("records", (double) records);
        figures.put("bytes", (double) records * recordBytes);
        figures.put("records/s", Double.valueOf(values[9].strip()));
        figures.put("MB/s", Double.valueOf(values[8].strip()));
        return figures;
    }

    private String tool(String mainClass, List<String> arguments, Path folder)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile(folder, "tool", ".out");
        List<String> options = List.of("-Xmx512m", "-XX:+UseSerialGC");
        return Tool.await(
                Tool.start(jars.java(options, mainClass, arguments).command(), output), output);
    }
}
