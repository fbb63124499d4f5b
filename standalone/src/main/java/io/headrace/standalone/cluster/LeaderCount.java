package io.headrace.standalone.cluster;

import io.headrace.client.HeadraceClient;
import io.headrace.client.admin.Outcome;
import io.headrace.client.admin.TopicDescription;
import io.headrace.client.admin.TopicListing;
import io.headrace.client.connection.ConnectionOptions;
import io.headrace.client.error.HeadraceException;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Who leads what, as a client sees it.
 *
 * @param leaders how many partitions each storage node leads
 * @param leaderless partitions that nobody leads
 * @param underReplicated partitions with a replica that is not in sync
 */
record LeaderCount(
        Map<Integer, Integer> leaders, int partitions, int leaderless, int underReplicated) {
    private static final Duration PATIENCE = Duration.ofSeconds(4);

    /** Asks the cluster; empty when it does not answer soon. */
    static Optional<LeaderCount> ask(String bootstrap) {
        HeadraceClient client =
                HeadraceClient.builder()
                        .bootstrap(bootstrap)
                        .clientId("headrace-status")
                        .connection(
                                ConnectionOptions.builder()
                                        .operationTimeout(PATIENCE)
                                        .requestTimeout(PATIENCE)
                                        .build())
                        .build();
        try {
            List<TopicListing> topics = client.admin().listTopics().block(PATIENCE);
            List<String> names =
                    topics == null ? List.of() : topics.stream().map(TopicListing::name).toList();
            @Nullable Map<String, Outcome<TopicDescription>> described =
                    client.admin().describeTopics(names).block(PATIENCE);
            return described == null ? Optional.empty() : Optional.of(count(described));
        } catch (HeadraceException | IllegalStateException noAnswer) {
            return Optional.empty();
        } finally {
            client.close().block(PATIENCE);
        }
    }

    private static LeaderCount count(Map<String, Outcome<TopicDescription>> described) {
        Map<Integer, Integer> leaders = new HashMap<>();
        int partitions = 0;
        int leaderless = 0;
        int underReplicated = 0;
        for (Outcome<TopicDescription> outcome : described.values()) {
            for (TopicDescription.PartitionDescription partition : outcome.orThrow().partitions()) {
                partitions++;
                if (partition.leaderId() < 0) {
                    leaderless++;
                } else {
                    leaders.merge(partition.leaderId(), 1, Integer::sum);
                }
                if (partition.isr().size() < partition.replicas().size()) {
                    underReplicated++;
                }
            }
        }
        return new LeaderCount(leaders, partitions, leaderless, underReplicated);
    }
}
