package io.headrace.standalone.command;

import io.headrace.client.admin.ConfigChange;
import io.headrace.client.admin.ConfigEntry;
import io.headrace.client.admin.CreatedTopic;
import io.headrace.client.admin.NewTopic;
import io.headrace.client.admin.TopicDescription;

import org.apache.kafka.common.config.ConfigResource;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code headrace topic}: creates, lists, describes, changes and deletes topics. */
@Command(
        name = "topic",
        description = "Create, list, describe, change and delete topics.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
public final class TopicCommand implements Runnable {
    @Spec
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "Say what to do: create, list, describe, alter or delete.");
    }

    @Command(name = "create", description = "Create a topic.", mixinStandardHelpOptions = true)
    void create(
            @Mixin ClusterOption cluster,
            @Parameters(paramLabel = "TOPIC", description = "The topic's name.") String topic,
            @Option(
                            names = {"-p", "--partitions"},
                            defaultValue = "-1",
                            showDefaultValue = CommandLine.Help.Visibility.NEVER,
                            description = "How many partitions. Default: the cluster's.")
                    int partitions,
            @Option(
                            names = {"-r", "--replication-factor"},
                            defaultValue = "-1",
                            showDefaultValue = CommandLine.Help.Visibility.NEVER,
                            description = "How many replicas. Default: the cluster's.")
                    int replicationFactor,
            @Option(
                            names = {"-c", "--config"},
                            paramLabel = "NAME=VALUE",
                            description = "A config of the topic; may be repeated.")
                    Map<String, String> configs,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        NewTopic wanted = NewTopic.of(topic, partitions, replicationFactor);
        if (configs != null) {
            for (Map.Entry<String, String> config : configs.entrySet()) {
                wanted = wanted.withConfig(config.getKey(), config.getValue());
            }
        }
        NewTopic described = wanted;
        CreatedTopic created =
                cluster.with(client -> Blocking.get(client.admin().createTopic(described)));
        Printer printer = new Printer(spec, json);
        if (json) {
            printer.json(
                    Map.of(
                            "topic", created.name(),
                            "topicId", created.topicId().toString(),
                            "partitions", created.partitions(),
                            "replicationFactor", created.replicationFactor()));
        } else {
            printer.line(
                    "Created topic "
                            + created.name()
                            + " with "
                            + count(created.partitions(), "partition")
                            + ".");
        }
    }

    @Command(name = "list", description = "List topics.", mixinStandardHelpOptions = true)
    void list(
            @Mixin ClusterOption cluster,
            @Option(
                            names = {"-a", "--all"},
                            description = "Internal topics too.")
                    boolean all,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        List<Map<String, Object>> rows = new ArrayList<>();
        cluster.with(client -> Blocking.get(client.admin().listTopics())).stream()
                .filter(topic -> all || !topic.internal())
                .forEach(
                        topic -> {
                            Map<String, Object> row = new LinkedHashMap<>();
                            row.put("topic", topic.name());
                            row.put("partitions", topic.partitions());
                            row.put("id", topic.topicId().toString());
                            rows.add(row);
                        });
        new Printer(spec, json)
                .list(
                        List.of("topic", "partitions", "id"),
                        rows,
                        "No topics. Create one: headrace topic create NAME");
    }

    @Command(
            name = "describe",
            description = "Show a topic's partitions and the configs that differ from defaults.",
            mixinStandardHelpOptions = true)
    void describe(
            @Mixin ClusterOption cluster,
            @Parameters(paramLabel = "TOPIC", description = "The topic's name.") String topic,
            @Option(names = "--configs", description = "All configs, defaults too.")
                    boolean allConfigs,
            @Option(names = "--json", description = "Print JSON.") boolean json) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        cluster.with(
                client -> {
                    TopicDescription description =
                            Blocking.get(client.admin().describeTopic(topic));
                    List<ConfigEntry> configs =
                            Blocking.get(client.admin().describeConfigs(List.of(resource), false))
                                    .values()
                                    .iterator()
                                    .next()
                                    .orThrow();
                    print(description, configs, allConfigs, new Printer(spec, json));
                    return description;
                });
    }

    private static void print(
            TopicDescription topic, List<ConfigEntry> configs, boolean all, Printer printer) {
        Map<String, Object> shown = new LinkedHashMap<>();
        for (ConfigEntry config : configs) {
            if (all || !config.isDefault()) {
                shown.put(config.name(), config.value() == null ? "" : config.value());
            }
        }
        List<Map<String, Object>> partitions = new ArrayList<>();
        for (var partition : topic.partitions()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("partition", partition.partition());
            row.put("leader", partition.leaderId());
            row.put("replicas", partition.replicas());
            row.put("isr", partition.isr());
            row.put("leaderEpoch", partition.leaderEpoch());
            partitions.add(row);
        }
        if (printer.isJson()) {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("topic", topic.name());
            value.put("topicId", topic.topicId().toString());
            value.put("internal", topic.internal());
            value.put("configs", shown);
            value.put("partitions", partitions);
            printer.json(value);
            return;
        }
        printer.line("Topic " + topic.name() + ", id " + topic.topicId());
        shown.forEach((name, value) -> printer.line("  " + name + " = " + value));
        printer.table(List.of("partition", "leader", "replicas", "isr", "leaderEpoch"), partitions);
    }

    @Command(
            name = "alter",
            description = "Change a topic's configs, or raise its number of partitions.",
            mixinStandardHelpOptions = true)
    void alter(
            @Mixin ClusterOption cluster,
            @Parameters(paramLabel = "TOPIC", description = "The topic's name.") String topic,
            @Option(
                            names = {"-c", "--config"},
                            paramLabel = "NAME=VALUE",
                            description = "Set a config; may be repeated.")
                    Map<String, String> set,
            @Option(
                            names = {"-d", "--delete-config"},
                            paramLabel = "NAME",
                            description = "Return a config to its default; may be repeated.")
                    List<String> delete,
            @Option(
                            names = {"-p", "--partitions"},
                            defaultValue = "0",
                            showDefaultValue = CommandLine.Help.Visibility.NEVER,
                            description = "The new total of partitions.")
                    int partitions) {
        List<ConfigChange> changes = new ArrayList<>();
        if (set != null) {
            set.forEach((name, value) -> changes.add(new ConfigChange.Set(name, value)));
        }
        if (delete != null) {
            delete.forEach(name -> changes.add(new ConfigChange.Delete(name)));
        }
        if (changes.isEmpty() && partitions == 0) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(),
                    "Nothing to change: say --config, --delete-config or --partitions.");
        }
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        cluster.with(
                client -> {
                    if (!changes.isEmpty()) {
                        Blocking.get(client.admin().alterConfigs(Map.of(resource, changes), false))
                                .values()
                                .forEach(outcome -> outcome.orThrow());
                    }
                    if (partitions > 0) {
                        Blocking.get(client.admin().createPartitions(Map.of(topic, partitions)))
                                .values()
                                .forEach(outcome -> outcome.orThrow());
                    }
                    return topic;
                });
        new Printer(spec, false).line("Changed topic " + topic + ".");
    }

    @Command(
            name = "delete",
            description = "Delete topics and their records.",
            mixinStandardHelpOptions = true)
    void delete(
            @Mixin ClusterOption cluster,
            @Parameters(paramLabel = "TOPIC", arity = "1..*", description = "The topics.")
                    List<String> topics) {
        cluster.with(
                client -> {
                    Blocking.get(client.admin().deleteTopics(topics))
                            .values()
                            .forEach(outcome -> outcome.orThrow());
                    return topics;
                });
        new Printer(spec, false).line("Deleted " + String.join(", ", topics) + ".");
    }

    private static String count(int number, String noun) {
        return number + " " + noun + (number == 1 ? "" : "s");
    }
}
