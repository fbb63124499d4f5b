package io.headrace.benchmarks.load;

import io.headrace.benchmarks.contender.Server;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * WebSocket subscribers ({@code src/main/c/fanout.c}) that each get every record, which librdkafka
 * produces at a fixed rate. They ask for frames of the records of up to {@value #GATHER_MS} ms.
 */
public record FanOut(Path program, NativeLoad producer) {
    private static final int READY_SECONDS = 60;
    private static final int GATHER_MS = 20;

    public static FanOut build(Path module, NativeLoad producer)
            throws IOException, InterruptedException {
        Path program = module.resolve("target/fanout");
        Path source = module.resolve("src/main/c/fanout.c");
        NativeLoad.compile(source, program, List.of("-lm"));
        return new FanOut(program, producer);
    }

    /** The latencies of all deliveries; fails when one is missing. */
    public Map<String, Double> run(
            Server server, String topic, int subscribers, long rate, int seconds, Path folder)
            throws IOException, InterruptedException {
        URI url = URI.create(Objects.requireNonNull(server.httpUrl(), "a server with HTTP"));
        long records = rate * seconds;
        Path output = Files.createTempFile(folder, "fanout", ".out");
        Process process =
                Tool.start(
                        List.of(
                                program.toString(),
                                url.getHost(),
                                "" + url.getPort(),
                                topic,
                                "" + subscribers,
                                "" + records,
                                "" + GATHER_MS),
                        output);
        NativeLoad.Running subscribed = new NativeLoad.Running(process, output);
        subscribed.awaitSaid("subscribed", READY_SECONDS);
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("topic", topic);
        settings.put("partitions", "6");
        settings.put("size", "100");
        settings.put("records", "" + records);
        settings.put("rate", "" + rate);
        settings.put("stamp", "1");
        settings.put("conf.linger.ms", "5");
        NativeLoad.Running producing = producer.start(server, "produce", settings, folder);
        Map<String, Double> figures = subscribed.await();
        producing.await();
        return figures;
    }
}
