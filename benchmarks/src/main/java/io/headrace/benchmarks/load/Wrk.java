package io.headrace.benchmarks.load;

import io.headrace.benchmarks.contender.Server;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * wrk with one of our scripts, on 16 connections.
 *
 * @param scripts the folder of the scripts
 */
public record Wrk(Path scripts) {
    private static final Pattern RATE = Pattern.compile("Requests/sec:\\s+([\\d.]+)");
    private static final Pattern COUNT = Pattern.compile("(\\d+) requests in");
    private static final Pattern P99 = Pattern.compile("99%\\s+([\\d.]+)(us|ms|s)");
    private static final Pattern FAILED =
            Pattern.compile("(Non-2xx or 3xx responses: .*|Socket errors: .*)");

    /** Posts with a script for so many seconds, after a warm-up that is not counted. */
    public Map<String, Double> produce(
            Server server,
            String topic,
            String script,
            int recordsPerRequest,
            int seconds,
            Path folder)
            throws IOException, InterruptedException {
        String said = run(server, topic, script, seconds, folder);
        Matcher failed = FAILED.matcher(said);
        if (failed.find()) {
            throw new IOException("Requests failed: " + failed.group());
        }
        double requests = number(COUNT, said);
        double perSecond = number(RATE, said);
        Map<String, Double> figures = new LinkedHashMap<>();
        figures.put("records", requests * recordsPerRequest);
        figures.put("bytes", requests * recordsPerRequest * 100);
        figures.put("records/s", perSecond * recordsPerRequest);
        figures.put("requests/s", perSecond);
        Matcher p99 = P99.matcher(said);
        if (p99.find()) {
            double unit =
                    switch (p99.group(2)) {
                        case "us" -> 0.001;
                        case "ms" -> 1;
                        default -> 1000;
                    };
            figures.put("p99 ms", Double.parseDouble(p99.group(1)) * unit);
        }
        return figures;
    }

    /** The same load, of which nothing is asked. */
    public void warmUp(Server server, String topic, String script, int seconds, Path folder)
            throws IOException, InterruptedException {
        run(server, topic, script, seconds, folder);
    }

    private String run(Server server, String topic, String script, int seconds, Path folder)
            throws IOException, InterruptedException {
        String url = Objects.requireNonNull(server.httpUrl(), "a server with HTTP");
        return Tool.run(
                List.of(
                        "wrk",
                        "-t1",
                        "-c16",
                        "-d" + seconds + "s",
                        "--latency",
                        "-s",
                        scripts.resolve(script).toString(),
                        url + "/api/v1/topics/" + topic + "/records"),
                folder.resolve("wrk.out"),
                "wrk is needed");
    }

    private static double number(Pattern pattern, String text) throws IOException {
        Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IOException("wrk said no figures:\n" + text);
        }
        return Double.parseDouble(matcher.group(1));
    }
}
