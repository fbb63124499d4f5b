package io.headrace.standalone.command;

import io.headrace.client.HeadraceClient;
import io.headrace.client.consume.Position;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Option;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Where a group is moved to: exactly one of these options. */
final class ResetTarget {
    @Option(
            names = {"-t", "--to"},
            paramLabel = "WHERE",
            description =
                    "earliest, latest, an offset, -N for N before the end, or a time such as"
                            + " 2026-01-31T12:00:00Z.")
    private @Nullable String to;

    @Option(names = "--to-earliest", description = "The first record there is.")
    private boolean earliest;

    @Option(names = "--to-latest", description = "The end.")
    private boolean latest;

    @Option(names = "--to-offset", paramLabel = "OFFSET", description = "That offset.")
    private @Nullable Long offset;

    @Option(
            names = "--to-datetime",
            paramLabel = "TIME",
            description = "The first record of that time or later: 2026-01-31T12:00:00Z.")
    private @Nullable Instant time;

    @Option(
            names = "--shift-by",
            paramLabel = "N",
            description = "N records after the committed offset, or before it if N is negative.")
    private @Nullable Long shift;

    /** The place to move each partition of the topics to. */
    Map<TopicPartition, Position> positions(
            HeadraceClient client, String groupId, List<String> topics, CommandLine command) {
        Map<TopicPartition, Position> positions = new HashMap<>();
        if (shift != null) {
            long by = shift;
            Blocking.get(client.admin().lag(groupId))
                    .partitions()
                    .forEach(
                            (partition, at) -> {
                                if (topics.contains(partition.topic())) {
                                    positions.put(
                                            partition,
                                            Position.offset(
                                                    shifted(
                                                            at.committed().offset(),
                                                            by,
                                                            at.logEndOffset())));
                                }
                            });
            return positions;
        }
        Position position = position(command);
        Blocking.get(client.admin().describeTopics(topics))
                .forEach(
                        (name, outcome) ->
                                outcome.orThrow()
                                        .partitions()
                                        .forEach(
                                                each ->
                                                        positions.put(
                                                                new TopicPartition(
                                                                        name, each.partition()),
                                                                position)));
        return positions;
    }

    /** Not before the first offset that can be, nor behind the end. */
    static long shifted(long committed, long by, long end) {
        return Math.clamp(committed + by, 0, Math.max(0, end));
    }

    private Position position(CommandLine command) {
        if (earliest) {
            return Position.earliest();
        }
        if (latest) {
            return Position.latest();
        }
        if (offset != null) {
            if (offset < 0) {
                throw new CommandLine.ParameterException(
                        command, "--to-offset " + offset + ": an offset is 0 or above.");
            }
            return Position.offset(offset);
        }
        if (time != null) {
            return Position.timestamp(time);
        }
        return ConsumeCommand.positionOf(to == null ? "" : to, command);
    }
}
