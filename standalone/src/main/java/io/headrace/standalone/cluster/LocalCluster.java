package io.headrace.standalone.cluster;

import io.headrace.standalone.cluster.NodeProcess.Signal;
import io.headrace.standalone.postgres.EmbeddedPostgres;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A cluster of processes on this machine, running or not: starts them, tells their state, sends
 * them signals. Thread-safe as far as different nodes are concerned.
 */
public final class LocalCluster {
    private static final Duration START_LIMIT = Duration.ofMinutes(4);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(25);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration BETWEEN_LIMIT = Duration.ofSeconds(5);

    private final ClusterDirectory directory;
    private final ClusterPlan plan;
    private final Function<NodePlan, LaunchOptions> options;
    private final Health health = new Health();

    /** What a node is seen to do. */
    public enum State {
        UP,
        /** It runs and does not serve: it starts, or waits for others. */
        NOT_READY,
        PAUSED,
        DOWN
    }

    private LocalCluster(
            ClusterDirectory directory,
            ClusterPlan plan,
            Function<NodePlan, LaunchOptions> options) {
        this.directory = directory;
        this.plan = plan;
        this.options = options;
    }

    /** The cluster that is in a directory. */
    public static LocalCluster in(ClusterDirectory directory) {
        return new LocalCluster(directory, directory.existingPlan(), node -> LaunchOptions.NONE);
    }

    /**
     * A cluster with a new plan, which is written; the cluster is down.
     *
     * @param options what each process gets beside what its role needs
     */
    public static LocalCluster create(
            ClusterDirectory directory,
            ClusterPlan plan,
            Function<NodePlan, LaunchOptions> options) {
        LocalCluster cluster = new LocalCluster(directory, plan, options);
        try {
            Files.createDirectories(directory.path());
        } catch (IOException e) {
            throw directory.unusable(e);
        }
        directory.write(plan);
        return cluster;
    }

    public ClusterPlan plan() {
        return plan;
    }

    public ClusterDirectory directory() {
        return directory;
    }

    /**
     * The running process of a node. One that hangs is ended by its watchdog, which is the node's
     * process from then on.
     */
    public Optional<NodeProcess> process(NodePlan node) {
        return directory.process(node);
    }

    /** How long the process of a node may hang until its watchdog replaces it; empty: for ever. */
    public Optional<Duration> watchdogTimeout(NodePlan node) {
        return directory.watchdog(node).isPresent()
                ? Optional.of(UserSettings.watchdogTimeout(plan.settings()))
                : Optional.empty();
    }

    /** The id of the process that hung and in whose place the one of today is, if there was one. */
    Optional<String> replaced(NodePlan node) {
        return directory.replaced(node);
    }

    /** What a node does now. */
    public State state(NodePlan node) {
        Optional<NodeProcess> process = process(node);
        if (process.isEmpty()) {
            return State.DOWN;
        }
        if (process.get().isPaused()) {
            return State.PAUSED;
        }
        return isReady(node) ? State.UP : State.NOT_READY;
    }

    private boolean isReady(NodePlan node) {
        return node.role() == Role.POSTGRES
                ? postgres(node).isReady()
                : health.of(node).map(Health.Answer::ready).orElse(false);
    }

    /** Which coordinator says that it is the active controller. */
    public Optional<NodePlan> activeController() {
        return plan.nodes(Role.COORDINATOR).stream()
                .filter(node -> process(node).filter(found -> !found.isPaused()).isPresent())
                .filter(node -> health.of(node).map(Health.Answer::active).orElse(false))
                .findFirst();
    }

    private EmbeddedPostgres postgres(NodePlan node) {
        return new EmbeddedPostgres(
                directory.of(node), node.host(), node.port(), plan.database().password());
    }

    /**
     * Starts the process of a node that is down; does not wait until it serves.
     *
     * @throws ClusterFailureException if it runs, or cannot be started
     */
    public NodeProcess start(NodePlan node) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + BETWEEN_LIMIT.toNanos();
        while (directory.isBetween(node) && System.nanoTime() < deadlineNanos) {
            Thread.sleep(POLL);
        }
        process(node)
                .ifPresent(
                        running -> {
                            throw new ClusterFailureException(
                                    node.name() + " runs already (pid " + running.pid() + ")");
                        });
        try {
            Path own = Files.createDirectories(directory.of(node));
            LaunchOptions given = options.apply(node);
            ProcessBuilder builder = new ProcessBuilder(command(node, own, given));
            builder.environment().putAll(NodeCommandLine.environment());
            builder.environment().putAll(given.environment());
            builder.directory(own.toFile());
            builder.redirectErrorStream(true);
            builder.redirectInput(new File("/dev/null"));
            builder.redirectOutput(ProcessBuilder.Redirect.appendTo(output(node).toFile()));
            NodeProcess started = NodeProcess.of(builder.start().pid());
            directory.writeProcess(node, started);
            return started;
        } catch (IOException e) {
            throw new ClusterFailureException(
                    node.name() + " cannot be started: " + e.getMessage(), e);
        }
    }

    private List<String> command(NodePlan node, Path own, LaunchOptions given)
            throws IOException, InterruptedException {
        if (node.role() == Role.POSTGRES) {
            EmbeddedPostgres postgres = postgres(node);
            postgres.prepare();
            List<String> command = new ArrayList<>(NodeCommandLine.detached(given));
            command.addAll(postgres.command());
            return command;
        }
        Path settings = own.resolve("settings.properties");
        Map<String, String> properties = new HashMap<>(NodeSettings.of(plan, node, directory));
        ClusterDirectory.writePrivate(settings, NodeSettings.text(properties));
        return NodeCommandLine.of(node, own, settings, given);
    }

    private Path output(NodePlan node) {
        return directory.of(node).resolve("out.log");
    }

    /**
     * Waits until nodes serve.
     *
     * @param onReady told of each as it gets there
     * @throws ClusterFailureException if one ends instead, or takes too long
     */
    public void awaitReady(List<NodePlan> nodes, Consumer<NodePlan> onReady)
            throws InterruptedException {
        List<NodePlan> waiting = new ArrayList<>(nodes);
        long deadlineNanos = System.nanoTime() + START_LIMIT.toNanos();
        while (!waiting.isEmpty()) {
            for (NodePlan node : List.copyOf(waiting)) {
                if (process(node).isEmpty()) {
                    throw new ClusterFailureException(node.name() + " ended: " + lastWord(node));
                }
                if (isReady(node)) {
                    waiting.remove(node);
                    onReady.accept(node);
                }
            }
            if (System.nanoTime() > deadlineNanos) {
                throw new ClusterFailureException(
                        waiting.getFirst().name()
                                + " is not ready after "
                                + START_LIMIT.toSeconds()
                                + " s: see "
                                + directory.of(waiting.getFirst()));
            }
            Thread.sleep(POLL);
        }
    }

    private String lastWord(NodePlan node) {
        try {
            return Files.readAllLines(output(node)).reversed().stream()
                    .filter(line -> !line.isBlank())
                    .findFirst()
                    .map(line -> line.replaceFirst("^headrace \\w+: ", ""))
                    .orElse("see " + directory.of(node));
        } catch (IOException e) {
            return "see " + directory.of(node);
        }
    }

    /**
     * Sends a signal to a node and, if it is a deadly one, waits until the node is gone.
     *
     * @return the process that got it
     * @throws ClusterFailureException if the node does not run
     */
    public NodeProcess signal(NodePlan node, Signal signal) throws InterruptedException {
        NodeProcess process =
                process(node)
                        .orElseThrow(
                                () -> new ClusterFailureException(node.name() + " does not run"));
        switch (signal) {
            case STOP, CONT -> {
                while (!pauseOrGoOn(node, process, signal)) {
                    process = successor(node, process);
                }
            }
            case KILL -> end(node, process, signal, KILL_LIMIT);
            case TERM, INT -> end(node, process, signal, STOP_LIMIT);
        }
        return process;
    }

    /** Who took the place of a process that takes no signal any more. */
    private NodeProcess successor(NodePlan node, NodeProcess gone) {
        return process(node)
                .filter(running -> !running.equals(gone))
                .orElseThrow(
                        () ->
                                new ClusterFailureException(
                                        "Process "
                                                + gone.pid()
                                                + " of "
                                                + node.name()
                                                + " took no signal"));
    }

    /** A server whose processes are many is paused as one; a watchdog is not what is to hang. */
    private static boolean pauseOrGoOn(NodePlan node, NodeProcess process, Signal signal)
            throws InterruptedException {
        return (node.role() == Role.POSTGRES || signal == Signal.CONT)
                ? process.signalTree(signal)
                : process.signal(signal);
    }

    /** Until nothing is left, be it that a watchdog replaces the process just now. */
    private void end(NodePlan node, NodeProcess first, Signal signal, Duration limit)
            throws InterruptedException {
        long deadlineNanos = System.nanoTime() + limit.toNanos();
        Optional<NodeProcess> running = Optional.of(first);
        while (running.isPresent()) {
            NodeProcess process = running.get();
            if (signal == Signal.KILL) {
                process.signalTree(signal);
            } else {
                process.signal(signal);
            }
            Duration left = Duration.ofNanos(deadlineNanos - System.nanoTime());
            if (!process.awaitEnd(left)) {
                throw new ClusterFailureException(
                        node.name()
                                + " (pid "
                                + process.pid()
                                + ") still runs after "
                                + limit.toSeconds()
                                + " s");
            }
            running = process(node);
        }
    }

    /**
     * Stops nodes in order; those that do not end in time are killed.
     *
     * @param onEnd told of each as it ends, and whether it had to be killed
     */
    public void stop(List<NodePlan> nodes, StopListener onEnd) throws InterruptedException {
        List<NodePlan> ending =
                new ArrayList<>(nodes.stream().filter(node -> process(node).isPresent()).toList());
        Map<NodePlan, NodeProcess> asked = new HashMap<>();
        Set<NodePlan> killed = new HashSet<>();
        long deadlineNanos = System.nanoTime() + STOP_LIMIT.toNanos();
        while (!ending.isEmpty()) {
            boolean late = System.nanoTime() > deadlineNanos;
            for (NodePlan node : List.copyOf(ending)) {
                Optional<NodeProcess> running = process(node);
                if (running.isEmpty()) {
                    ending.remove(node);
                    onEnd.onEnd(node, killed.contains(node));
                } else if (late) {
                    killed.add(node);
                    running.get().signalTree(Signal.KILL);
                    running.get().awaitEnd(KILL_LIMIT);
                } else if (!running.get().equals(asked.put(node, running.get()))) {
                    askToStop(node, running.get()); // a watchdog that took the place, too
                }
            }
            Thread.sleep(POLL);
        }
    }

    private static void askToStop(NodePlan node, NodeProcess process) throws InterruptedException {
        if (process.isPaused()) {
            process.signalTree(Signal.CONT);
        }
        process.signal(node.role() == Role.POSTGRES ? Signal.INT : Signal.TERM);
    }

    /** Hears of nodes that end. */
    @FunctionalInterface
    public interface StopListener {
        void onEnd(NodePlan node, boolean killed);
    }
}
