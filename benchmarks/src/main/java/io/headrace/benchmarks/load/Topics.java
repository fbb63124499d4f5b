package io.headrace.benchmarks.load;

import io.headrace.benchmarks.contender.Contender;
import io.headrace.benchmarks.contender.Server;
import io.headrace.client.HeadraceClient;
import io.headrace.client.admin.NewTopic;

import java.time.Duration;
import java.util.List;
import java.util.Map;

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
            Map<String, String> configs) {
        if (!contender.createsTopics()) {
            return;
        }
        HeadraceClient client =
                HeadraceClient.builder().bootstrap(server.bootstrap()).clientId("bench").build();
        try {
            for (int made = 0, number = 0; made < partitions; made += MOST_PARTITIONS, number++) {
                String name = number == 0 ? topic : topic + "-" + number;
                int count = Math.min(MOST_PARTITIONS, partitions - made);
                client.admin().createTopic(wanted(contender, name, count, configs)).block(TIMEOUT);
            }
        } finally {
            client.close().block(TIMEOUT);
        }
    }

    private static NewTopic wanted(
            Contender contender, String topic, int partitions, Map<String, String> configs) {
        NewTopic wanted = NewTopic.of(topic, partitions, 1);
        for (Map<String, String> each : List.of(contender.topicConfigs(), configs)) {
            for (Map.Entry<String, String> config : each.entrySet()) {
                wanted = wanted.withConfig(config.getKey(), config.getValue());
            }
        }
        return wanted;
    }
}
