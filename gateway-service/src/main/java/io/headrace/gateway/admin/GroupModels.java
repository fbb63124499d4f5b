package io.headrace.gateway.admin;

import io.headrace.client.admin.GroupDescription;
import io.headrace.client.admin.GroupLag;
import io.headrace.client.admin.GroupPage;
import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.consume.Position;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.record.Start;
import io.headrace.gateway.record.TopicNames;
import io.swagger.v3.oas.annotations.media.Schema;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** What requests about groups and their answers look like in JSON. */
final class GroupModels {
    private static final Comparator<TopicPartition> BY_NAME =
            Comparator.comparing(TopicPartition::topic).thenComparingInt(TopicPartition::partition);

    private GroupModels() {}

    @Schema(name = "ListedGroup")
    record Listed(
            String groupId,
            String state,
            String type,
            String protocolType,
            @Nullable Long totalLag) {}

    @Schema(name = "GroupPage")
    record Page(List<Listed> groups, int total, @Nullable String next) {
        static Page of(GroupPage page, Map<String, Long> lags) {
            return new Page(
                    page.groups().stream()
                            .map(
                                    g ->
                                            new Listed(
                                                    g.groupId(),
                                                    g.state(),
                                                    g.type(),
                                                    g.protocolType(),
                                                    lags.get(g.groupId())))
                            .toList(),
                    page.total(),
                    page.hasMore() ? page.groups().getLast().groupId() : null);
        }
    }

    @Schema(name = "GroupPartition")
    record PartitionRef(@Nullable String topic, @Nullable Integer partition) {
        static PartitionRef of(TopicPartition partition) {
            return new PartitionRef(partition.topic(), partition.partition());
        }

        TopicPartition toTopicPartition() {
            if (topic == null || partition == null || partition < 0) {
                throw Problem.invalidRequest("Each of partitions needs topic and partition.")
                        .toException();
            }
            TopicNames.check(topic);
            return new TopicPartition(topic, partition);
        }
    }

    @Schema(name = "GroupMember")
    record Member(
            String memberId,
            String instanceId,
            String clientId,
            String host,
            List<PartitionRef> assignment) {}

    @Schema(name = "PartitionLag")
    record Lag(
            String topic,
            int partition,
            long committed,
            int leaderEpoch,
            String metadata,
            long logEnd,
            long lag) {}

    @Schema(name = "GroupOffsets")
    record Offsets(String groupId, long totalLag, List<Lag> partitions) {
        static Offsets of(GroupLag lag) {
            return new Offsets(lag.groupId(), lag.total(), lags(lag));
        }

        private static List<Lag> lags(GroupLag lag) {
            return lag.partitions().entrySet().stream()
                    .sorted(Map.Entry.comparingByKey(BY_NAME))
                    .map(
                            e ->
                                    new Lag(
                                            e.getKey().topic(),
                                            e.getKey().partition(),
                                            e.getValue().committed().offset(),
                                            e.getValue().committed().leaderEpoch(),
                                            e.getValue().committed().metadata(),
                                            e.getValue().logEndOffset(),
                                            e.getValue().lag()))
                    .toList();
        }
    }

    @Schema(name = "Group")
    record Described(
            String groupId,
            String state,
            String type,
            String protocolType,
            String assignor,
            int coordinator,
            List<Member> members,
            long totalLag,
            List<Lag> partitions) {
        static Described of(GroupDescription group, GroupLag lag) {
            return new Described(
                    group.groupId(),
                    group.state(),
                    group.type(),
                    group.protocolType(),
                    group.assignor(),
                    group.coordinatorId(),
                    group.members().stream().map(Described::member).toList(),
                    lag.total(),
                    Offsets.of(lag).partitions());
        }

        private static Member member(GroupDescription.Member member) {
            return new Member(
                    member.memberId(),
                    member.instanceId(),
                    member.clientId(),
                    member.host(),
                    member.assignment().stream().sorted(BY_NAME).map(PartitionRef::of).toList());
        }
    }

    @Schema(name = "OffsetReset")
    record ResetBody(
            @Schema(allowableValues = {"earliest", "latest", "timestamp", "offset"})
                    @Nullable String to,
            @Nullable String timestamp,
            @Nullable Long offset,
            @Nullable List<String> topics,
            @Nullable List<PartitionRef> partitions) {

        @Override
        public List<String> topics() {
            List<String> named = topics == null ? List.of() : topics;
            named.forEach(TopicNames::check);
            return named;
        }

        @Override
        public List<PartitionRef> partitions() {
            return partitions == null ? List.of() : partitions;
        }

        Position position() {
            if (to == null) {
                throw Problem.invalidRequest(
                                "to is missing: say earliest, latest, timestamp or offset.")
                        .toException();
            }
            return switch (Start.parse(null, to, timestamp, offset, null, Position.earliest())) {
                case Start.At(Position position) -> position;
                case Start.AtCursor cursor ->
                        throw new IllegalStateException("No cursor was given: " + cursor);
            };
        }
    }

    @Schema(name = "ResetOffset")
    record ResetOffset(String topic, int partition, long offset) {}

    @Schema(name = "ResetOffsets")
    record ResetOffsets(List<ResetOffset> partitions) {
        static ResetOffsets of(Map<TopicPartition, CommittedOffset> offsets) {
            return new ResetOffsets(
                    offsets.entrySet().stream()
                            .sorted(Map.Entry.comparingByKey(BY_NAME))
                            .map(
                                    e ->
                                            new ResetOffset(
                                                    e.getKey().topic(),
                                                    e.getKey().partition(),
                                                    e.getValue().offset()))
                            .toList());
        }
    }
}
