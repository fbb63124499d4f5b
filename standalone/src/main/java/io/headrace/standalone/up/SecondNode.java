package io.headrace.standalone.up;

import io.headrace.storage.StorageApplication;

import org.springframework.context.ConfigurableApplicationContext;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A second storage node in this JVM, for the training run alone: with it there are followers,
 * leaders that move, and a node that leaves.
 */
final class SecondNode implements AutoCloseable {
    private static final String NODE_ID = "2";

    private final ConfigurableApplicationContext context;

    private SecondNode(ConfigurableApplicationContext context) {
        this.context = context;
    }

    /**
     * Starts it and returns when it serves.
     *
     * @param settings those of the first one, which name the coordinator and the secret
     */
    static SecondNode start(Path data, Map<String, String> settings) {
        Map<String, String> properties = new HashMap<>(settings);
        properties.putAll(
                Map.of(
                        "headrace.storage.node-id", NODE_ID,
                        "headrace.storage.data-dirs", data.toString(),
                        "headrace.storage.listener.host", "127.0.0.1",
                        "headrace.storage.listener.port", "0",
                        "headrace.storage.hazelcast.enabled", "false",
                        "spring.main.banner-mode", "off",
                        "spring.main.log-startup-info", "false",
                        "spring.main.register-shutdown-hook", "false"));
        List<String> arguments = new ArrayList<>();
        properties.forEach((name, value) -> arguments.add("--" + name + "=" + value));
        return new SecondNode(
                StorageApplication.application().run(arguments.toArray(String[]::new)));
    }

    /** It hands over what it leads and leaves. */
    @Override
    public void close() {
        context.close();
    }
}
