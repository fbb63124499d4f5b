package io.headrace.standalone.command;

import io.headrace.client.HeadraceClient;
import io.headrace.client.consume.Assignment;
import io.headrace.client.consume.ConsumedRecord;
import io.headrace.client.consume.OutOfRangePolicy;
import io.headrace.client.consume.Position;
import io.headrace.client.consume.ReadOptions;
import io.headrace.client.group.GroupConsumer;
import io.headrace.client.group.GroupOptions;
import io.headrace.client.group.Subscription;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import reactor.core.publisher.Flux;

import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code headrace consume}: prints the records of topics, one a line. */
@Command(
        name = "consume",
        description = {
            "Print the records of topics, one a line; goes on until Ctrl-C.",
            "",
            "  headrace consume greetings",
            "  headrace consume orders --from latest --key-separator :",
            "  headrace consume orders --group billing --json | jq .value"
        },
        mixinStandardHelpOptions = true)
public final class ConsumeCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Mixin private ClusterOption cluster = new ClusterOption();

    @Parameters(arity = "1..*", paramLabel = "TOPIC", description = "The topics.")
    private List<String> topics = List.of();

    @Option(
            names = {"-f", "--from"},
            defaultValue = "earliest",
            paramLabel = "WHERE",
            description =
                    "earliest, latest, an offset, -N for N before the end, or a time such as"
                            + " 2026-01-31T12:00:00Z. Default: ${DEFAULT-VALUE}. With a group it"
                            + " applies where the group has no committed offset (earliest or"
                            + " latest).")
    private String from = "earliest";

    @Option(
            names = {"-p", "--partition"},
            description = "Only this partition.")
    private @Nullable Integer partition;

    @Option(
            names = {"-g", "--group"},
            description = "Read as a member of this group, which remembers where it was.")
    private @Nullable String group;

    @Option(
            names = {"-n", "--max"},
            paramLabel = "COUNT",
            description = "End after so many records.")
    private @Nullable Long max;

    @Option(
            names = {"-e", "--exit"},
            description = "End at the end of the topics instead of waiting for more.")
    private boolean exitAtEnd;

    @Option(
            names = {"-K", "--key-separator"},
            paramLabel = "TEXT",
            description = "Print the key and this text before the value.")
    private @Nullable String keySeparator;

    @Option(names = "--json", description = "Print each record whole, as a JSON line.")
    private boolean json;

    @Override
    public void run() {
        if (group != null && (partition != null || exitAtEnd)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--group goes with neither --partition nor --exit.");
        }
        PrintWriter out = spec.commandLine().getOut();
        cluster.with(client -> read(client, out));
    }

    private long read(HeadraceClient client, PrintWriter out) {
        Flux<ConsumedRecord> records = group == null ? partitions(client) : member(client, group);
        if (max != null) {
            records = records.take(max);
        }
        return Blocking.get(records.doOnNext(record -> print(record, out)).count());
    }

    private Flux<ConsumedRecord> partitions(HeadraceClient client) {
        Position position = position();
        Assignment assignment = null;
        for (String topic : topics) {
            if (partition == null) {
                assignment =
                        assignment == null
                                ? Assignment.topic(topic, position)
                                : assignment.andTopic(topic, position);
            } else {
                assignment =
                        assignment == null
                                ? Assignment.partition(topic, partition, position)
                                : assignment.andPartition(topic, partition, position);
            }
        }
        if (assignment == null) {
            return Flux.empty();
        }
        ReadOptions options = ReadOptions.builder().stopAtEnd(exitAtEnd).build();
        return client.consumer().read(assignment, options);
    }

    private Flux<ConsumedRecord> member(HeadraceClient client, String groupId) {
        OutOfRangePolicy startAt =
                switch (from) {
                    case "earliest" -> OutOfRangePolicy.EARLIEST;
                    case "latest" -> OutOfRangePolicy.LATEST;
                    default ->
                            throw new CommandLine.ParameterException(
                                    spec.commandLine(),
                                    "With --group, --from is earliest or latest; 'headrace group"
                                            + " reset' moves a group elsewhere.");
                };
        GroupConsumer member =
                client.groupConsumer(
                        GroupOptions.builder(groupId, Subscription.topics(topics))
                                .startAt(startAt)
                                .build());
        Runtime.getRuntime()
                .addShutdownHook(new Thread(() -> member.close().block(), "leave-group"));
        Flux<ConsumedRecord> records = member.records();
        return max == null
                ? records
                : records.take(max).concatWith(member.close().thenMany(Flux.empty()));
    }

    private Position position() {
        return positionOf(from, spec.commandLine());
    }

    /** A position from its text form; wrong usage when it has none. */
    static Position positionOf(String text, CommandLine command) {
        if (text.equals("earliest")) {
            return Position.earliest();
        }
        if (text.equals("latest")) {
            return Position.latest();
        }
        if (text.matches("-\\d{1,18}")) {
            return Position.beforeEnd(-Long.parseLong(text));
        }
        if (text.matches("\\d{1,18}")) {
            return Position.offset(Long.parseLong(text));
        }
        try {
            return Position.timestamp(Instant.parse(text));
        } catch (DateTimeParseException e) {
            throw new CommandLine.ParameterException(
                    command,
                    "'"
                            + text
                            + "' is no place to read from: say earliest, latest, an offset, -N or a"
                            + " time such as 2026-01-31T12:00:00Z.",
                    e);
        }
    }

    private void print(ConsumedRecord record, PrintWriter out) {
        if (json) {
            out.println(Printer.toJson(asMap(record)));
        } else {
            String key = keySeparator == null ? "" : textOf(record.keyBytes()) + keySeparator;
            out.println(key + textOf(record.valueBytes()));
        }
        if (out.checkError()) { // flushes, too; the reader of our output is gone
            throw new IllegalStateException("Cannot write to standard output");
        }
    }

    private static Map<String, @Nullable Object> asMap(ConsumedRecord record) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("topic", record.topic());
        map.put("partition", record.partition());
        map.put("offset", record.offset());
        map.put("timestamp", record.timestampMs());
        put(map, "key", record.keyBytes());
        put(map, "value", record.valueBytes());
        if (!record.headers().isEmpty()) {
            map.put(
                    "headers",
                    record.headers().stream()
                            .map(
                                    header -> {
                                        Map<String, @Nullable Object> one = new LinkedHashMap<>();
                                        one.put("name", header.key());
                                        put(one, "value", header.value());
                                        return one;
                                    })
                            .toList());
        }
        return map;
    }

    /** Text as text, other bytes under a name that says base64. */
    private static void put(
            Map<String, @Nullable Object> map, String name, byte @Nullable [] bytes) {
        if (bytes == null) {
            map.put(name, null);
            return;
        }
        String text = strictText(bytes);
        if (text == null) {
            map.put(name + "Base64", Base64.getEncoder().encodeToString(bytes));
        } else {
            map.put(name, text);
        }
    }

    private static String textOf(byte @Nullable [] bytes) {
        return bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8);
    }

    private static @Nullable String strictText(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(java.nio.ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException notText) {
            return null;
        }
    }
}
