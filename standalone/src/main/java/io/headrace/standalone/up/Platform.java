package io.headrace.standalone.up;

import io.headrace.coordinator.CoordinatorApplication;
import io.headrace.coordinator.CoordinatorServer;
import io.headrace.gateway.GatewayApplication;
import io.headrace.storage.StorageApplication;
import io.headrace.storage.StorageNode;
import io.headrace.storage.StorageStartException;
import io.headrace.transport.auth.ClusterSecret;

import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationContextInitializedEvent;
import org.springframework.boot.logging.LoggingSystem;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.ContextClosedEvent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * All services in this JVM, each in an application context of its own, talking over loopback
 * sockets. They start at the same time, since each waits for what it needs, and stop in the
 * opposite order of their needs. When all of them serve, those that tell of their health and
 * metrics apart from what they serve open the ports for it, in the background.
 */
final class Platform implements AutoCloseable {
    private static final long STOP_LIMIT_MS = 15_000;

    private final Options options;
    private final Starting coordinator = new Starting("coordinator", false);
    private final Starting storage = new Starting("storage", true);
    private final Starting gateway = new Starting("gateway", false);
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile @Nullable Thread management;
    private volatile boolean closing;
    private volatile @Nullable DataDirectory directory;
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

    /** A platform that is not started. */
    Platform(Options options) {
        this.options = options;
    }

    /**
     * Starts everything and returns when all of it serves.
     *
     * @throws StartFailedException if it cannot; what was started is stopped again
     */
    void start() throws StartFailedException, InterruptedException {
        DataDirectory data = DataDirectory.open(options.data());
        directory = data;
        try (ReservedPort kafka =
                        ReservedPort.take(options.host(), options.kafkaPort(), "--kafka-port");
                ReservedPort http =
                        ReservedPort.take(options.host(), options.httpPort(), "--http-port");
                ReservedPort nodes = ReservedPort.take("127.0.0.1", 0, "--host")) {
            kafkaPort = kafka.number();
            httpPort = http.number();
            startServices(data, nodes.number());
        } catch (IOException e) {
            close();
            throw new StartFailedException("A port could not be given back: " + e.getMessage(), e);
        } catch (StartFailedException | InterruptedException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private void startServices(DataDirectory data, int nodesPort)
            throws StartFailedException, InterruptedException {
        String secret = ClusterSecret.random();
        CompletableFuture<Void> loggingReady = new CompletableFuture<>();
        SpringApplication first = CoordinatorApplication.application();
        ApplicationListener<ApplicationContextInitializedEvent> onLogging =
                event -> loggingReady.complete(null);
        first.addListeners(onLogging);
        coordinator.start(
                first::run,
                arguments(
                        data,
                        Map.of(
                                "headrace.cluster.secret",
                                secret,
                                "headrace.coordinator.host",
                                "127.0.0.1",
                                "headrace.coordinator.port",
                                "" + nodesPort,
                                "headrace.coordinator.group.initial-rebalance-delay",
                                "0s",
                                "headrace.coordinator.data-directory",
                                data.resolve("coordinator"))));
        CompletableFuture<Void> watched =
                CompletableFuture.allOf(
                        watch(
                                coordinator,
                                context -> context.getBean(CoordinatorServer.class).ended()),
                        watch(storage, context -> context.getBean(StorageNode.class).ended()),
                        watch(gateway, context -> new CompletableFuture<>()));
        await(loggingReady);
        ConsoleLog.mute();
        // One set-up of logging for the process: the first service's, which has just been done.
        System.setProperty(LoggingSystem.SYSTEM_PROPERTY, LoggingSystem.NONE);
        storage.start(
                StorageApplication.application()::run,
                arguments(
                        data,
                        Map.of(
                                "headrace.cluster.secret",
                                secret,
                                "headrace.storage.coordinators",
                                "127.0.0.1:" + nodesPort,
                                "headrace.storage.listener.host",
                                options.host(),
                                "headrace.storage.listener.port",
                                "" + kafkaPort,
                                "headrace.storage.hazelcast.enabled",
                                "false",
                                "headrace.storage.data-dirs",
                                data.resolve("storage"))));
        gateway.start(
                given -> GatewayApplication.start(Map.of(), given),
                arguments(
                        data,
                        Map.of(
                                "headrace.gateway.bootstrap-servers",
                                kafkaAddress(),
                                "management.server.port",
                                "0",
                                "management.server.address",
                                "127.0.0.1",
                                "server.address",
                                options.host(),
                                "server.port",
                                "" + httpPort)));
        await(watched);
        ConsoleLog.unmute();
        management = Thread.ofPlatform().daemon().name("start-management").start(this::manage);
    }

    private void manage() {
        try {
            StorageApplication.manage(storage.context.join());
            CoordinatorApplication.manage(coordinator.context.join());
        } catch (RuntimeException | Error failure) {
            onEnded(failure);
        }
    }

    /** Waits until health and metrics of a platform that serves are there. */
    private void awaitManagement() throws InterruptedException {
        Thread opening = management;
        if (opening != null) {
            opening.join(STOP_LIMIT_MS);
        }
    }

    /** Waits for something, or for the first service that fails. */
    private void await(CompletableFuture<Void> wanted)
            throws StartFailedException, InterruptedException {
        try {
            CompletableFuture.anyOf(wanted, firstFailure()).get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            LoggerFactory.getLogger(Platform.class).info("The start failed", cause);
            throw new StartFailedException(messageOf(cause), cause);
        }
    }

    private CompletableFuture<Void> firstFailure() {
        CompletableFuture<Void> first = new CompletableFuture<>();
        for (CompletableFuture<?> part :
                List.of(coordinator.context, storage.context, gateway.context, ended)) {
            part.whenComplete(
                    (done, failure) -> {
                        if (failure != null) {
                            first.completeExceptionally(failure);
                        }
                    });
        }
        return first;
    }

    /** Hears when a service ends that nobody has stopped, from when the answer completes on. */
    private CompletableFuture<Void> watch(
            Starting part, Function<ApplicationContext, CompletableFuture<Void>> life) {
        return part.context.thenAccept(
                context -> {
                    ApplicationListener<ContextClosedEvent> onClosed =
                            event -> {
                                if (context.equals(event.getApplicationContext())) {
                                    onEnded(new IllegalStateException(part.name + " stopped"));
                                }
                            };
                    context.addApplicationListener(onClosed);
                    life.apply(context)
                            .whenComplete(
                                    (done, failure) -> {
                                        if (failure != null) {
                                            onEnded(failure);
                                        }
                                    });
                });
    }

    private void onEnded(Throwable why) {
        if (!closing) {
            LoggerFactory.getLogger(Platform.class).error("A service ended", why);
            ended.completeExceptionally(why);
        }
    }

    /** The context of the gateway, once it runs. */
    CompletableFuture<ConfigurableApplicationContext> gateway() {
        return gateway.context;
    }

    /** What a user is told: the innermost message that was written for one. */
    static String messageOf(Throwable failure) {
        Throwable shown = failure;
        while (shown.getCause() != null && !isForUsers(shown)) {
            shown = shown.getCause();
        }
        if (shown instanceof PortInUseException inUse) {
            return "Port " + inUse.getPort() + " is in use: stop what uses it, or choose another";
        }
        String message = shown.getMessage();
        return message == null
                ? shown.toString()
                : message.lines().findFirst().orElse(shown.toString());
    }

    private static boolean isForUsers(Throwable failure) {
        return failure instanceof StorageStartException
                || failure instanceof UncheckedIOException
                || failure instanceof PortInUseException;
    }

    private String[] arguments(DataDirectory data, Map<String, String> chosen) {
        Map<String, String> properties = new HashMap<>();
        properties.put("server.port", "0");
        properties.put("server.address", "127.0.0.1");
        properties.put("logging.file.name", data.resolve("headrace.log"));
        properties.put("logging.logback.rollingpolicy.max-file-size", "10MB");
        properties.put("logging.logback.rollingpolicy.max-history", "5");
        properties.put("logging.logback.rollingpolicy.total-size-cap", "50MB");
        properties.put("logging.threshold.console", "WARN");
        properties.put("logging.level.root", "WARN");
        properties.put("logging.level.io.headrace", "INFO");
        properties.put("logging.include-application-name", "false");
        // A start that fails is told once, by the command; the log file has the stack trace.
        properties.put("logging.level.org.springframework.boot.SpringApplication", "OFF");
        properties.put("logging.level.org.springframework.boot.diagnostics", "OFF");
        properties.put("logging.level.org.springframework.boot.web.server", "ERROR");
        properties.put("logging.level.org.springframework.boot.web.context", "ERROR");
        properties.put("logging.level.org.springdoc.core.events", "ERROR");
        properties.put("spring.main.banner-mode", "off");
        properties.put("spring.main.log-startup-info", "false");
        properties.put("spring.main.register-shutdown-hook", "false");
        properties.putAll(chosen);
        properties.putAll(options.settings());
        List<String> arguments = new ArrayList<>();
        properties.forEach((name, value) -> arguments.add("--" + name + "=" + value));
        return arguments.toArray(String[]::new);
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

    /**
     * Waits until {@link #close} has ended, or a service has.
     *
     * @throws ExecutionException if a service ended by itself
     */
    void awaitEnd() throws InterruptedException, ExecutionException {
        ended.get();
    }

    /** Stops the services, also those that still start: first who takes requests, last the log. */
    @Override
    public void close() {
        closing = true;
        try {
            awaitManagement();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        gateway.stop();
        storage.stop();
        coordinator.stop();
        DataDirectory data = directory;
        if (data != null) {
            try {
                data.close();
            } catch (IOException e) {
                LoggerFactory.getLogger(Platform.class).warn("{} stays locked", data.path(), e);
            }
        }
        ended.complete(null);
    }

    /** One service, from the start of its thread on. */
    private static final class Starting {
        private final String name;
        private final boolean waitsForOthers;
        private final CompletableFuture<ConfigurableApplicationContext> context =
                new CompletableFuture<>();
        private @Nullable Thread thread;

        Starting(String name, boolean waitsForOthers) {
            this.name = name;
            this.waitsForOthers = waitsForOthers;
        }

        synchronized void start(
                Function<String[], ConfigurableApplicationContext> application,
                String[] arguments) {
            thread =
                    Thread.ofPlatform()
                            .daemon()
                            .name("start-" + name)
                            .start(() -> run(application, arguments));
        }

        private void run(
                Function<String[], ConfigurableApplicationContext> application,
                String[] arguments) {
            try {
                context.complete(application.apply(arguments));
            } catch (RuntimeException | Error failure) {
                context.completeExceptionally(failure);
            }
        }

        /** Closes the service; one that waits to be able to start is interrupted. */
        synchronized void stop() {
            Thread starter = thread;
            if (starter == null) {
                return;
            }
            if (waitsForOthers) {
                starter.interrupt();
            }
            try {
                context.get(STOP_LIMIT_MS, TimeUnit.MILLISECONDS).close();
            } catch (ExecutionException notStarted) {
                LoggerFactory.getLogger(Platform.class).debug("{} was not up", name, notStarted);
            } catch (TimeoutException e) {
                LoggerFactory.getLogger(Platform.class).warn("{} does not stop", name, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
