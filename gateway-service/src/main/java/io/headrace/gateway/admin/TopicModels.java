package io.headrace.gateway.admin;

import io.headrace.client.admin.ConfigEntry;
import io.headrace.client.admin.CreatedTopic;
import io.headrace.client.admin.NewTopic;
import io.headrace.client.admin.Outcome;
import io.headrace.client.admin.TopicDescription;
import io.headrace.client.admin.TopicListing;
import io.headrace.client.consume.FoundOffset;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.problem.Problems;
import io.swagger.v3.oas.annotations.media.Schema;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What requests about topics and their answers look like in JSON. */
final class TopicModels {
    private TopicModels() {}

    @Schema(name = "NewTopic")
    record NewTopicBody(
            @Nullable String name,
            @Schema(description = "The cluster's default unless said.")
                    @Nullable Integer partitions,
            @Schema(description = "The cluster's default unless said.")
                    @Nullable Short replicationFactor,
            @Nullable Map<String, String> configs,
            @Schema(description = "Node ids of each partition's replicas, the leader first.")
                    @Nullable Map<Integer, List<Integer>> assignment) {

        @Override
        public String name() {
            if (name == null) {
                throw Problem.invalidRequest("name is missing.").toException();
            }
            return name;
        }

        NewTopic toNewTopic() {
            boolean assigned = assignment != null && !assignment.isEmpty();
            if (partitions != null && partitions < 1) {
                throw Problem.invalidRequest("partitions is " + partitions + ": say 1 or more.")
                        .toException();
            }
            return new NewTopic(
                    name(),
                    partitions == null || assigned ? NewTopic.CLUSTER_DEFAULT : partitions,
                    replicationFactor == null || assigned
                            ? (short) NewTopic.CLUSTER_DEFAULT
                            : replicationFactor,
                    configs == null ? Map.of() : configs,
                    assignment == null ? Map.of() : assignment);
        }
    }

    @Schema(name = "CreatedTopic")
    record Created(String name, String topicId, int partitions, int replicationFactor) {
        static Created of(CreatedTopic topic) {
            return new Created(
                    topic.name(),
                    topic.topicId().toString(),
                    topic.partitions(),
                    topic.replicationFactor());
        }
    }

    @Schema(name = "ListedTopic")
    record Listed(String name, String topicId, int partitions, boolean internal) {
        static Listed of(TopicListing topic) {
            return new Listed(
                    topic.name(), topic.topicId().toString(), topic.partitions(), topic.internal());
        }
    }

    @Schema(name = "TopicPage")
    record Page(List<Listed> topics, int total, @Nullable String next) {}

    @Schema(name = "Partition")
    record PartitionModel(
            int partition,
            int leader,
            int leaderEpoch,
            List<Integer> replicas,
            List<Integer> isr,
            List<Integer> offline,
            @Nullable Long logStart,
            @Nullable Long highWatermark) {}

    @Schema(name = "Partitions")
    record Partitions(List<PartitionModel> partitions) {}

    @Schema(name = "Topic")
    record Described(
            String name, String topicId, boolean internal, List<PartitionModel> partitions) {
        static Described of(
                TopicDescription topic,
                Map<TopicPartition, Outcome<FoundOffset>> starts,
                Map<TopicPartition, Outcome<FoundOffset>> ends) {
            return new Described(
                    topic.name(),
                    topic.topicId().toString(),
                    topic.internal(),
                    topic.partitions().stream()
                            .map(
                                    p -> {
                                        TopicPartition key =
                                                new TopicPartition(topic.name(), p.partition());
                                        return new PartitionModel(
                                                p.partition(),
                                                p.leaderId(),
                                                p.leaderEpoch(),
                                                p.replicas(),
                                                p.isr(),
                                                p.offline(),
                                                offset(starts.get(key)),
                                                offset(ends.get(key)));
                                    })
                            .toList());
        }

        private static @Nullable Long offset(@Nullable Outcome<FoundOffset> outcome) {
            return outcome instanceof Outcome.Done<FoundOffset>(FoundOffset found)
                    ? found.offset()
                    : null;
        }
    }

    @Schema(name = "ConfigEntry")
    record Config(
            String name,
            @Nullable String value,
            String source,
            boolean isDefault,
            boolean readOnly,
            boolean sensitive,
            @Nullable String documentation) {}

    @Schema(name = "Configs")
    record Configs(List<Config> configs) {
        static Configs of(List<ConfigEntry> entries) {
            return new Configs(
                    TopicHandler.sorted(entries).stream()
                            .map(
                                    e ->
                                            new Config(
                                                    e.name(),
                                                    e.value(),
                                                    e.source().name(),
                                                    e.isDefault(),
                                                    e.readOnly(),
                                                    e.sensitive(),
                                                    e.documentation().isEmpty()
                                                            ? null
                                                            : e.documentation()))
                            .toList());
        }
    }

    @Schema(name = "ConfigChanges")
    record ConfigsBody(@Nullable Map<String, @Nullable String> configs) {
        @Override
        public Map<String, @Nullable String> configs() {
            return configs == null ? Map.of() : configs;
        }
    }

    @Schema(name = "PartitionTotal")
    record PartitionsBody(@Nullable Integer total) {
        @Override
        public Integer total() {
            if (total == null || total < 1) {
                throw Problem.invalidRequest("total is missing: say how many there shall be.")
                        .toException();
            }
            return total;
        }
    }

    @Schema(name = "DeleteBefore")
    record DeleteBefore(@Nullable Integer partition, @Nullable Long before) {}

    @Schema(name = "DeleteRecords")
    record DeleteRecordsBody(@Nullable List<DeleteBefore> partitions) {
        Map<TopicPartition, Long> offsets(String topic) {
            Map<TopicPartition, Long> offsets = new LinkedHashMap<>();
            for (DeleteBefore each : partitions == null ? List.<DeleteBefore>of() : partitions) {
                Integer partition = each.partition();
                Long before = each.before();
                if (partition == null || partition < 0 || before == null || before < -1) {
                    throw Problem.invalidRequest(
                                    "Each of partitions needs partition and before (an offset, or"
                                            + " -1 for all).")
                            .toException();
                }
                offsets.put(new TopicPartition(topic, partition), before);
            }
            if (offsets.isEmpty()) {
                throw Problem.invalidRequest("partitions names no partition.").toException();
            }
            return offsets;
        }
    }

    @Schema(name = "LogStart")
    record LogStart(
            int partition, @Nullable Long logStart, @Nullable Map<String, Object> problem) {}

    @Schema(name = "LogStarts")
    record LogStarts(List<LogStart> partitions) {
        static LogStarts of(Map<TopicPartition, Outcome<Long>> outcomes) {
            if (outcomes.values().stream().noneMatch(Outcome::isDone)) {
                TopicHandler.one(outcomes).orThrow();
            }
            return new LogStarts(
                    outcomes.entrySet().stream()
                            .map(e -> start(e.getKey().partition(), e.getValue()))
                            .sorted(Comparator.comparingInt(LogStart::partition))
                            .toList());
        }

        private static LogStart start(int partition, Outcome<Long> outcome) {
            return switch (outcome) {
                case Outcome.Done<Long>(Long offset) -> new LogStart(partition, offset, null);
                case Outcome.Refused<Long>(var error) ->
                        new LogStart(partition, null, Problems.of(error).toMembers(null));
            };
        }
    }
}
