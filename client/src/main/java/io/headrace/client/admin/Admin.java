package io.headrace.client.admin;

import io.headrace.client.consume.CommittedOffset;
import io.headrace.client.consume.FoundOffset;
import io.headrace.client.consume.Position;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

import reactor.core.publisher.Mono;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Administers the cluster. Every method works when subscribed to, batches what it is given, tries
 * again what is worth it, and ends within the operation timeout.
 *
 * <pre>{@code
 * Admin admin = client.admin();
 * admin.createTopic(NewTopic.of("orders", 12)).block();
 * GroupLag lag = admin.lag("billing").block();
 * }</pre>
 *
 * <p>Methods that take several items answer one {@link Outcome} for each; the {@code Mono} fails
 * only when nothing could be done at all.
 */
public interface Admin {
    /** Creates topics. */
    Mono<Map<String, Outcome<CreatedTopic>>> createTopics(Collection<NewTopic> topics);

    /** Checks whether topics could be created, and creates none. */
    Mono<Map<String, Outcome<CreatedTopic>>> validateTopics(Collection<NewTopic> topics);

    /** Creates a topic, or fails. */
    default Mono<CreatedTopic> createTopic(NewTopic topic) {
        return createTopics(List.of(topic)).map(outcomes -> first(outcomes).orThrow());
    }

    /** Deletes topics and their records. */
    Mono<Map<String, Outcome<Completed>>> deleteTopics(Collection<String> topics);

    /** Deletes a topic, or fails. */
    default Mono<Void> deleteTopic(String topic) {
        return deleteTopics(List.of(topic)).doOnNext(o -> first(o).orThrow()).then();
    }

    /** All topics, in order of their names, internal ones included. */
    Mono<List<TopicListing>> listTopics();

    /** Describes topics. */
    Mono<Map<String, Outcome<TopicDescription>>> describeTopics(Collection<String> topics);

    /** Describes a topic, or fails. */
    default Mono<TopicDescription> describeTopic(String topic) {
        return describeTopics(List.of(topic)).map(outcomes -> first(outcomes).orThrow());
    }

    /** Raises the number of partitions of topics to these totals. */
    Mono<Map<String, Outcome<Completed>>> createPartitions(Map<String, Integer> totals);

    /** The configurations of topics, nodes and groups. */
    Mono<Map<ConfigResource, Outcome<List<ConfigEntry>>>> describeConfigs(
            Collection<ConfigResource> resources, boolean withDocumentation);

    /** Changes configurations; those not named stay. */
    Mono<Map<ConfigResource, Outcome<Completed>>> alterConfigs(
            Map<ConfigResource, List<ConfigChange>> changes, boolean validateOnly);

    /** All groups, in order of their names. */
    Mono<List<GroupListing>> listGroups();

    /**
     * A page of the groups, in order of their names; only these travel.
     *
     * @param contains only names that contain this
     * @param after only names after this one
     * @param limit at most so many, at least one
     */
    Mono<GroupPage> listGroups(String contains, String after, int limit);

    /** Describes groups. */
    Mono<Map<String, Outcome<GroupDescription>>> describeGroups(Collection<String> groupIds);

    /** Deletes groups without members, and their offsets. */
    Mono<Map<String, Outcome<Completed>>> deleteGroups(Collection<String> groupIds);

    /** All committed offsets of groups. */
    Mono<Map<String, Outcome<Map<TopicPartition, CommittedOffset>>>> committedOffsets(
            Collection<String> groupIds);

    /**
     * How far groups are behind: a few requests for all groups together, one OffsetFetch for each
     * coordinating node and one ListOffsets for each leader.
     */
    Mono<Map<String, Outcome<GroupLag>>> lags(Collection<String> groupIds);

    /** How far a group is behind, or fails. */
    default Mono<GroupLag> lag(String groupId) {
        return lags(List.of(groupId)).map(outcomes -> first(outcomes).orThrow());
    }

    /** Commits offsets for a group without members. */
    Mono<Map<TopicPartition, Outcome<Completed>>> alterOffsets(
            String groupId, Map<TopicPartition, CommittedOffset> offsets);

    /** Sets a group without members to positions, and answers the offsets that they stand for. */
    Mono<Map<TopicPartition, CommittedOffset>> resetOffsets(
            String groupId, Map<TopicPartition, Position> positions);

    /** Deletes committed offsets of a group that does not read these topics now. */
    Mono<Map<TopicPartition, Outcome<Completed>>> deleteOffsets(
            String groupId, Set<TopicPartition> partitions);

    /** Looks up offsets; one request for each leader. */
    Mono<Map<TopicPartition, Outcome<FoundOffset>>> listOffsets(
            Map<TopicPartition, Position> positions);

    /**
     * Deletes the records below these offsets (-1: below the high watermark) and answers the new
     * log start offsets.
     */
    Mono<Map<TopicPartition, Outcome<Long>>> deleteRecords(Map<TopicPartition, Long> beforeOffsets);

    /** The nodes of the cluster. */
    Mono<ClusterDescription> describeCluster();

    /** The log directories of nodes; of all nodes when none is named. */
    Mono<Map<Integer, Outcome<List<LogDirDescription>>>> describeLogDirs(
            Collection<Integer> nodeIds);

    private static <T> Outcome<T> first(Map<?, Outcome<T>> outcomes) {
        return outcomes.values().iterator().next();
    }
}
