package io.headrace.standalone.up;

import io.headrace.coordinator.CoordinatorApplication;
import io.headrace.gateway.GatewayApplication;
import io.headrace.storage.StorageApplication;
import io.headrace.transport.auth.ClusterSecret;

import org.springframework.context.ConfigurableApplicationContext;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;

/**
 * All services in this JVM, each in an application context of its own, talking over loopback
 * sockets. They are started in the order of their needs and stopped in the opposite one.
 */
final class Platform implements AutoCloseable {
    private final Options options;
    private final List<ConfigurableApplicationContext> services = new ArrayList<>();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private int kafkaPort;
    private int httpPort;

    /**
     * What to run.
     *
     * @param host the address that clients connect to
     * @param settings settings of services that override what this class chooses
     */
    record Options(
            Path data, String host, int kafkaPort, int httpPort, Map<String, String> settings) {}

    private Platform(Options options) {
        this.options = options;
    }

    /**
     * Starts everything and returns when all of it serves.
     *
     * @throws IOException if the data directory cannot be used
     */
    static Platform start(Options options) throws IOException {
        prepare(options.data());
        Platform platform = new Platform(options);
        try {
            platform.startServices();
            return platform;
        } catch (RuntimeException | Error failure) {
            platform.close();
            throw failure;
        }
    }

    private static void prepare(Path data) throws IOException {
        try {
            Files.createDirectories(data);
        } catch (IOException e) {
            throw new IOException("Cannot make the data directory " + data + ": " + reason(e), e);
        }
        if (!Files.isWritable(data)) {
            throw new IOException(
                    "The data directory " + data.toAbsolutePath() + " is not writable");
        }
    }

    private static String reason(IOException failure) {
        return failure.getClass().getSimpleName().replace("Exception", "")
                + " ("
                + failure.getMessage()
                + ")";
    }

    private void startServices() {
        String secret = ClusterSecret.random();
        ConfigurableApplicationContext coordinator =
                run(
                        CoordinatorApplication.application()::run,
                        Map.of(
                                "headrace.cluster.secret",
                                secret,
                                "headrace.coordinator.host",
                                "127.0.0.1",
                                "headrace.coordinator.port",
                                "0",
                                "headrace.coordinator.data-directory",
                                options.data().resolve("coordinator").toString()));
        String coordinatorPort =
                coordinator.getEnvironment().getRequiredProperty("local.headrace.coordinator.port");
        ConfigurableApplicationContext storage =
                run(
                        StorageApplication.application()::run,
                        Map.of(
                                "headrace.cluster.secret",
                                secret,
                                "headrace.storage.coordinators",
                                "127.0.0.1:" + coordinatorPort,
                                "headrace.storage.listener.host",
                                options.host(),
                                "headrace.storage.listener.port",
                                "" + options.kafkaPort(),
                                "headrace.storage.hazelcast.enabled",
                                "false",
                                "headrace.storage.data-dirs",
                                options.data().resolve("storage").toString()));
        kafkaPort =
                Integer.parseInt(
                        storage.getEnvironment()
                                .getRequiredProperty("local.headrace.storage.port"));
        ConfigurableApplicationContext gateway =
                run(
                        arguments -> GatewayApplication.start(Map.of(), arguments),
                        Map.of(
                                "headrace.gateway.bootstrap-servers",
                                clientHost() + ":" + kafkaPort,
                                "management.server.port",
                                "0",
                                "management.server.address",
                                "127.0.0.1",
                                "server.address",
                                options.host(),
                                "server.port",
                                "" + options.httpPort()));
        httpPort =
                Integer.parseInt(gateway.getEnvironment().getRequiredProperty("local.server.port"));
    }

    private ConfigurableApplicationContext run(
            Function<String[], ConfigurableApplicationContext> application,
            Map<String, String> chosen) {
        Map<String, Object> properties = new HashMap<>();
        properties.put("server.port", "0");
        properties.put("server.address", "127.0.0.1");
        properties.put("logging.file.name", options.data().resolve("headrace.log").toString());
        properties.put("logging.threshold.console", "WARN");
        properties.put("logging.level.root", "WARN");
        properties.put("logging.level.io.headrace", "INFO");
        // Warns in every service that the gateway documents its API, which it does on purpose.
        properties.put("logging.level.org.springdoc.core.events", "ERROR");
        properties.put("spring.main.banner-mode", "off");
        properties.put("spring.main.log-startup-info", "false");
        properties.put("spring.main.register-shutdown-hook", "false");
        properties.putAll(chosen);
        properties.putAll(options.settings());
        List<String> arguments = new ArrayList<>();
        properties.forEach((name, value) -> arguments.add("--" + name + "=" + value));
        ConfigurableApplicationContext context =
                application.apply(arguments.toArray(String[]::new));
        services.add(context);
        return context;
    }

    private String clientHost() {
        return options.host().equals("0.0.0.0") ? "localhost" : options.host();
    }

    /** {@code host:port} for Kafka clients. */
    String kafkaAddress() {
        return clientHost() + ":" + kafkaPort;
    }

    /** {@code host:port} for HTTP and WebSocket. */
    String httpAddress() {
        return clientHost() + ":" + httpPort;
    }

    /** Waits until {@link #close} has ended. */
    void awaitStop() throws InterruptedException {
        stopped.await();
    }

    /** Stops the services, the last one started first. */
    @Override
    public void close() {
        for (ConfigurableApplicationContext service : services.reversed()) {
            service.close();
        }
        stopped.countDown();
    }
}
