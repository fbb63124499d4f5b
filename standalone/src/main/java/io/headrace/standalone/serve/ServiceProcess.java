package io.headrace.standalone.serve;

import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringApplicationRunListener;
import org.springframework.boot.bootstrap.ConfigurableBootstrapContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.env.ConfigurableEnvironment;

import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * The life of a process that is one service: start, one line that says it is up, wait, stop in
 * order on a signal.
 */
final class ServiceProcess {
    private static final long STOP_LIMIT_MS = 20_000;

    /** What holds unless set otherwise. */
    private static final Map<String, String> DEFAULTS =
            Map.of(
                    "spring.main.banner-mode", "off",
                    "spring.main.log-startup-info", "false",
                    "spring.main.register-shutdown-hook", "false",
                    "logging.level.root", "WARN",
                    "logging.level.io.headrace", "INFO",
                    "logging.include-application-name", "false",
                    // What is done while it stops is told, too.
                    "logging.register-shutdown-hook", "false",
                    // A start that fails is told once, in one line.
                    "logging.level.org.springframework.boot.SpringApplication", "OFF",
                    "logging.level.org.springframework.boot.diagnostics", "OFF",
                    "logging.level.org.springframework.boot.web", "ERROR");

    private final String name;
    private final Service service;
    private final CompletableFuture<ConfigurableApplicationContext> running =
            new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private volatile boolean stopping;

    /** How a service is started and what is told of it. */
    interface Service {
        /** Starts it and returns once it serves. */
        ConfigurableApplicationContext start(String[] arguments);

        /** Where it serves, for the line that says so. */
        String addresses(ConfigurableApplicationContext context);

        /** Completes exceptionally when the service fails by itself; never, when it cannot. */
        default CompletableFuture<Void> failure(ConfigurableApplicationContext context) {
            return new CompletableFuture<>();
        }
    }

    ServiceProcess(String name, Service service) {
        this.name = name;
        this.service = service;
    }

    /**
     * Runs until a signal ends the process, or the service ends.
     *
     * @return the exit code of a service that did not run or ended by itself
     */
    int run(
            Map<String, String> given,
            Function<Throwable, String> messageOf,
            PrintWriter out,
            PrintWriter err)
            throws InterruptedException {
        Thread starter =
                Thread.ofPlatform()
                        .daemon()
                        .name("start-" + name)
                        .unstarted(() -> start(arguments(given)));
        Thread hook = new Thread(() -> stop(starter), "stop");
        Runtime.getRuntime().addShutdownHook(hook);
        starter.start();
        try {
            ConfigurableApplicationContext context = running.get();
            out.printf(
                    "Headrace %s is up: %s (%.1f s)%n",
                    name, service.addresses(context), secondsOfProcess());
            out.flush();
            CompletableFuture.anyOf(ended, service.failure(context)).get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (!stopping) {
                LoggerFactory.getLogger(ServiceProcess.class).debug("{} failed", name, cause);
                err.println("headrace " + name + ": " + messageOf.apply(cause));
                err.flush();
            }
        }
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException signalled) {
            hook.join(); // which ends the process
        }
        running.thenAccept(ConfigurableApplicationContext::close);
        return 1;
    }

    private void start(String[] arguments) {
        try {
            ConfigurableApplicationContext context =
                    SpringApplication.withHook(
                            application -> new WatchFromTheStart(), () -> service.start(arguments));
            ApplicationListener<ContextClosedEvent> onClosed =
                    event -> {
                        if (!stopping && event.getApplicationContext().equals(context)) {
                            ended.complete(null);
                        }
                    };
            context.addApplicationListener(onClosed);
            running.complete(context);
        } catch (RuntimeException | Error failure) {
            running.completeExceptionally(failure);
        }
    }

    /** Has the process watched as soon as its settings are read. */
    private final class WatchFromTheStart implements SpringApplicationRunListener {
        @Override
        public void environmentPrepared(
                ConfigurableBootstrapContext bootstrap, ConfigurableEnvironment environment) {
            String timeout = environment.getProperty(WatchdogSettings.TIMEOUT);
            Watchdog.start(
                    new WatchdogSettings(
                            timeout == null
                                    ? WatchdogSettings.DEFAULT_TIMEOUT
                                    : WatchdogSettings.parseTimeout(timeout),
                            environment.getProperty(WatchdogSettings.DIRECTORY, "")),
                    () -> stopping);
        }
    }

    /** A stop that was asked for by a signal and is done is no failure: it ends with 0. */
    private void stop(Thread starter) {
        stopping = true;
        int exit = 1;
        try {
            if (!running.isDone()) {
                starter.interrupt();
            }
            running.get(STOP_LIMIT_MS, TimeUnit.MILLISECONDS).close();
            exit = 0;
        } catch (ExecutionException notStarted) {
            exit = 0;
        } catch (TimeoutException e) {
            LoggerFactory.getLogger(ServiceProcess.class).warn("{} does not stop", name, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            Runtime.getRuntime().halt(exit);
        }
    }

    /**
     * Since the process was started, the JVM's own start included, if it was nothing else before.
     */
    private static double secondsOfProcess() {
        Instant now = Instant.now();
        Instant begun =
                System.getenv(Watchdog.RESTARTS) == null
                        ? ProcessHandle.current().info().startInstant().orElse(now)
                        : Instant.ofEpochMilli(ManagementFactory.getRuntimeMXBean().getStartTime());
        return Duration.between(begun, now).toMillis() / 1000.0;
    }

    private static String[] arguments(Map<String, String> given) {
        Map<String, String> properties = new LinkedHashMap<>(DEFAULTS);
        properties.putAll(given);
        List<String> arguments = new ArrayList<>();
        properties.forEach((key, value) -> arguments.add("--" + key + "=" + value));
        return arguments.toArray(String[]::new);
    }

    /** The port in a property that a service sets once it is open. */
    static @Nullable String port(ConfigurableApplicationContext context, String property) {
        return context.getEnvironment().getProperty(property);
    }
}
