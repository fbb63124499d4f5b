package io.headrace.benchmarks.load;

import io.headrace.benchmarks.contender.Contender;
import io.headrace.benchmarks.contender.Server;
import io.headrace.client.HeadraceClient;
import io.headrace.client.admin.NewTopic;

import java.time.Duration;
import java.util.Map;

/** Creates topics with the platform's own client: Kafka's refuses configs that it has not. */
public final class Topics {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private Topics() {}

    /** Creates a topic with the contender's configs and those given. */
    public static void create(
            Contender contender,
            Server server,
            String topic,
            int partitions,
            Map<String, String> configs) {
        if (!contender.createsTopics()) {
            return;
        }
        NewTopic wanted = NewTopic.of(topic, partitions, 1);
        for (Map<String, String> each : java.util.List.of(contender.topicConfigs(), configs)) {
            for (Map.Entry<String, String> config : each.entrySet()) {
                wanted = wanted.withConfig(config.getKey(), config.getValue());
            }
        }
        HeadraceClient client =
                HeadraceClient.builder().bootstrap(server.bootstrap()).clientId("bench").build();
        try {
            client.admin().createTopic(wanted).block(TIMEOUT);
        } finally {
            client.close().block(TIMEOUT);
        }
    }
}
