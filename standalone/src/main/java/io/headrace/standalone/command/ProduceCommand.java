package io.headrace.standalone.command;

import io.headrace.client.HeadraceClient;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.ProducerRecord;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import reactor.core.publisher.Flux;

import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code headrace produce}: publishes lines of standard input, or one value. */
@Command(
        name = "produce",
        description = {
            "Publish records: each line of standard input is one, or the VALUE given.",
            "",
            "  echo hello | headrace produce greetings",
            "  headrace produce greetings --key en hello",
            "  headrace produce orders --key-separator : < orders.txt"
        },
        mixinStandardHelpOptions = true)
public final class ProduceCommand implements Runnable {
    /** Records on their way at once; bounds memory while standard input is long. */
    private static final int IN_FLIGHT = 10_000;

    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin private ClusterOption cluster = new ClusterOption();

    @Parameters(index = "0", paramLabel = "TOPIC", description = "The topic.")
    private String topic = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "VALUE",
            description = "The value; standard input when absent.")
    private @Nullable String value;

    @Option(
            names = {"-k", "--key"},
            description = "The key of every record.")
    private @Nullable String key;

    @Option(
            names = {"-K", "--key-separator"},
            paramLabel = "TEXT",
            description = "What separates key and value in a line.")
    private @Nullable String keySeparator;

    @Option(
            names = {"-H", "--header"},
            paramLabel = "NAME=VALUE",
            description = "A header of every record; may be repeated.")
    private Map<String, String> headers = new LinkedHashMap<>();

    @Option(
            names = {"-p", "--partition"},
            description = "The partition; chosen by the key when absent.")
    private @Nullable Integer partition;

    @Option(names = "--json", description = "Print where each record went, as JSON lines.")
    private boolean json;

    @Override
    public void run() {
        Printer printer = new Printer(spec, json);
        long stored = cluster.with(client -> produce(client, printer));
        if (!json) {
            spec.commandLine()
                    .getErr()
                    .println("Stored " + stored + (stored == 1 ? " record" : " records") + ".");
        }
    }

    private long produce(HeadraceClient client, Printer printer) {
        Producer producer = client.producer(ProducerOptions.defaults());
        Long stored =
                Flux.fromStream(this::values)
                        .flatMapSequential(
                                line -> producer.send(recordOf(line)), IN_FLIGHT, IN_FLIGHT)
                        .doOnNext(
                                metadata -> {
                                    if (json) {
                                        Map<String, Object> place = new LinkedHashMap<>();
                                        place.put("topic", topic);
                                        place.put("partition", metadata.partition());
                                        place.put("offset", metadata.offset());
                                        printer.json(place);
                                    }
                                })
                        .count()
                        .block();
        return stored == null ? 0 : stored;
    }

    private Stream<String> values() {
        if (value != null) {
            return Stream.of(value);
        }
        BufferedReader input =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        if (isTyped()) {
            spec.commandLine().getErr().println("Type records, one a line; Ctrl-D ends.");
        }
        return Stream.generate(() -> readLine(input))
                .takeWhile(line -> !line.isEmpty())
                .map(List::getFirst);
    }

    /** Whether a person types the input. */
    private static boolean isTyped() {
        return Optional.ofNullable(System.console()).filter(Console::isTerminal).isPresent();
    }

    /** A list of one line, or an empty one at the end. */
    private static List<String> readLine(BufferedReader input) {
        try {
            String line = input.readLine();
            return line == null ? List.of() : List.of(line);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot read standard input", e);
        }
    }

    private ProducerRecord recordOf(String line) {
        String recordKey = key;
        String recordValue = line;
        if (keySeparator != null) {
            int at = line.indexOf(keySeparator);
            if (at >= 0) {
                recordKey = line.substring(0, at);
                recordValue = line.substring(at + keySeparator.length());
            }
        }
        ProducerRecord record = ProducerRecord.ofText(topic, recordKey, recordValue);
        for (Map.Entry<String, String> header : headers.entrySet()) {
            record =
                    record.withHeader(
                            header.getKey(), header.getValue().getBytes(StandardCharsets.UTF_8));
        }
        return partition == null ? record : record.withPartition(partition);
    }
}
