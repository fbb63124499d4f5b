package io.headrace.standalone.command;

import io.headrace.client.HeadraceClient;
import io.headrace.client.admin.GroupDescription;
import io.headrace.client.admin.GroupLag;
import io.headrace.client.consume.CommittedOffset;

import org.apache.kafka.common.TopicPartition;

import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** {@code headrace group}: consumer groups, their members, lag and offsets. */
@Command(
        name = "group",
        description = "List, describe, reset and delete consumer groups.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
public final class GroupCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "Say what to do: list, describe, reset or delete.");
    }

    @Command(
            name = "list",
            description = "List groups with their state and total lag.",
            mixinStandardHelpOptions = true)
    void list(
            @Mixin ClusterOption cluster,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        new Printer(spec, json)
                .list(
                        List.of("group", "state", "type", "lag"),
                        cluster.with(GroupCommand::groupRows),
                        "No groups. Start one: headrace consume TOPIC --group NAME");
    }

    private static List<Map<String, Object>> groupRows(HeadraceClient client) {
        var groups = Blocking.get(client.admin().listGroups());
        if (groups.isEmpty()) {
            return List.of();
        }
        var lags =
                Blocking.get(client.admin().lags(groups.stream().map(g -> g.groupId()).toList()));
        List<Map<String, Object>> rows = new ArrayList<>();
        for (var group : groups) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("group", group.groupId());
            row.put("state", group.state());
            row.put("type", group.type());
            var lag = lags.get(group.groupId());
            row.put("lag", lag != null && lag.isDone() ? lag.orThrow().total() : -1L);
            rows.add(row);
        }
        return rows;
    }

    @Command(
            name = "describe",
            description = "Show a group's members and its lag by partition.",
            mixinStandardHelpOptions = true)
    void describe(
            @Mixin ClusterOption cluster,
            @Parameters(paramLabel = "GROUP", description = "The group.") String groupId,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        cluster.with(
                client -> {
                    GroupDescription group =
                            Blocking.get(client.admin().describeGroups(List.of(groupId)))
                                    .values()
                                    .iterator()
                                    .next()
                                    .orThrow();
                    GroupLag lag = Blocking.get(client.admin().lag(groupId));
                    print(group, lag, new Printer(spec, json));
                    return group;
                });
    }

    private static void print(GroupDescription group, GroupLag lag, Printer printer) {
        Map<TopicPartition, GroupDescription.Member> readers = new HashMap<>();
        for (var member : group.members()) {
            member.assignment().forEach(partition -> readers.put(partition, member));
        }
        Map<TopicPartition, Map<String, Object>> rows =
                new TreeMap<>(
                        java.util.Comparator.comparing(TopicPartition::topic)
                                .thenComparingInt(TopicPartition::partition));
        lag.partitions()
                .forEach(
                        (partition, at) -> {
                            Map<String, Object> row = rowOf(partition);
                            row.put("committed", at.committed().offset());
                            row.put("end", at.logEndOffset());
                            row.put("lag", at.lag());
                            rows.put(partition, row);
                        });
        readers.forEach(
                (partition, member) -> {
                    Map<String, Object> row = rows.computeIfAbsent(partition, GroupCommand::rowOf);
                    row.put("member", member.memberId());
                    row.put("client", member.clientId());
                    row.put("host", member.host());
                });
        if (printer.isJson()) {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("group", group.groupId());
            value.put("state", group.state());
            value.put("type", group.type());
            value.put("assignor", group.assignor());
            value.put("members", group.members().size());
            value.put("lag", lag.total());
            value.put("partitions", List.copyOf(rows.values()));
            printer.json(value);
            return;
        }
        printer.line(
                "Group "
                        + group.groupId()
                        + ": "
                        + group.state()
                        + ", members "
                        + group.members().size()
                        + ", total lag "
                        + lag.total());
        printer.table(
                List.of("topic", "partition", "committed", "end", "lag", "client", "host"),
                List.copyOf(rows.values()));
    }

    private static Map<String, Object> rowOf(TopicPartition partition) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("topic", partition.topic());
        row.put("partition", partition.partition());
        return row;
    }

    @Command(
            name = "reset",
            description = "Move a group without members to another place in topics.",
            mixinStandardHelpOptions = true)
    void reset(
            @Mixin ClusterOption cluster,
            @Parameters(index = "0", paramLabel = "GROUP", description = "The group.")
                    String groupId,
            @Parameters(
                            index = "1..*",
                            arity = "1..*",
                            paramLabel = "TOPIC",
                            description = "The topics.")
                    List<String> topics,
            @ArgGroup(exclusive = true, multiplicity = "1") ResetTarget target,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        Function<HeadraceClient, Map<TopicPartition, CommittedOffset>> work =
                client ->
                        Blocking.get(
                                client.admin()
                                        .resetOffsets(
                                                groupId,
                                                target.positions(
                                                        client,
                                                        groupId,
                                                        topics,
                                                        spec.commandLine())));
        List<Map<String, Object>> rows = new ArrayList<>();
        cluster.with(work)
                .forEach(
                        (partition, offset) -> {
                            Map<String, Object> row = rowOf(partition);
                            row.put("offset", offset.offset());
                            rows.add(row);
                        });
        rows.sort(
                java.util.Comparator.comparing((Map<String, Object> r) -> (String) r.get("topic"))
                        .thenComparingInt(r -> (Integer) r.get("partition")));
        new Printer(spec, json).table(List.of("topic", "partition", "offset"), rows);
    }

    @Command(
            name = "delete",
            description = "Delete groups without members, and their offsets.",
            mixinStandardHelpOptions = true)
    void delete(
            @Mixin ClusterOption cluster,
            @Parameters(arity = "1..*", paramLabel = "GROUP", description = "The groups.")
                    List<String> groups) {
        cluster.with(
                client -> {
                    Blocking.get(client.admin().deleteGroups(groups))
                            .values()
                            .forEach(outcome -> outcome.orThrow());
                    return groups;
                });
        new Printer(spec, false).line("Deleted " + String.join(", ", groups) + ".");
    }
}
