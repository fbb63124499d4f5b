package io.headrace.benchmarks.load;

import io.headrace.benchmarks.contender.Contender;
import io.headrace.benchmarks.contender.Server;
import io.headrace.client.HeadraceClient;
import io.headrace.client.admin.NewTopic;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Creates topics with the platform's own client: Kafka's refuses configs that it has not. */
public final class Topics {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private Topics() {}

    /** Kafka makes at most 10,000 metadata records of one request. */
    private static final int MOST_PARTITIONS = 1000;

    /**
     * Creates a topic with the contender's configs and those given. More than a thousand partitions
     * are spread over topics {@code NAME}, {@code NAME-1} and so on.
     */
    public static void create(
            Contender contender,
            Server server,
            String topic,
            int partitions,
            int replicas,
            Map<String, String> configs) {
        if (!contender.createsTopics()) {
            return;
        }
        HeadraceClient client = client(server);
        try {
            for (int made = 0, number = 0; made < partitions; made += MOST_PARTITIONS, number++) {
                String name = number == 0 ? topic : topic + "-" + number;
                int count = Math.min(MOST_PARTITIONS, partitions - made);
                client.admin()
                        .createTopic(wanted(contender, name, count, replicas, configs))
                        .block(TIMEOUT);
            }
        } finally {
            client.close().block(TIMEOUT);
        }
    }

    private static HeadraceClient client(Server server) {
        return HeadraceClient.builder().bootstrap(server.bootstrap()).clientId("bench").build();
    }

    /**
     * Waits until every partition of a topic, made by {@link #create}, is led by another node than
     * one that died.
     *
     * @return how long it took, in milliseconds
     */
    public static double awaitLeadersElsewhere(
            Server server, String topic, int partitions, int deadNode, long deathNanos)
            throws IOException {
        HeadraceClient client = client(server);
        try {
            for (int seen = 0, number = 0; seen < partitions; seen += MOST_PARTITIONS, number++) {
                String name = number == 0 ? topic : topic + "-" + number;
                while (!isLedElsewhere(client, name, deadNode)) {
                    if (System.nanoTime() - deathNanos > TIMEOUT.toNanos()) {
                        throw new IOException(
                                "A minute after its death node " + deadNode + " leads in " + name);
                    }
                }
            }
            return (System.nanoTime() - deathNanos) / 1e6;
        } finally {
            client.close().block(TIMEOUT);
        }
    }

    private static boolean isLedElsewhere(HeadraceClient client, String topic, int deadNode) {
        return Objects.requireNonNull(client.admin().describeTopic(topic).block(TIMEOUT))
                .partitions()
                .stream()
                .noneMatch(each -> each.leaderId() < 0 || each.leaderId() == deadNode);
    }

    private static NewTopic wanted(
            Contender contender,
            String topic,
            int partitions,
            int replicas,
            Map<String, String> configs) {
        NewTopic wanted = NewTopic.of(topic, partitions, replicas);
        for (Map<String, String> each : List.of(contender.topicConfigs(), configs)) {
            for (Map.Entry<String, String> config : each.entrySet()) {
                wanted = wanted.withConfig(config.getKey(), config.getValue());
            }
        }
        return wanted;
    }
}
