package io.headrace.standalone.failover;

import io.headrace.standalone.cluster.ClusterFailureException;
import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.NodeProcess.Signal;
import io.headrace.standalone.cluster.Role;
import io.headrace.testkit.history.Violation;

import org.apache.kafka.common.TopicPartition;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** Measures one fault some times over a running cluster. */
final class FailoverBench {
    private static final Duration IN_SYNC_LIMIT = Duration.ofSeconds(60);
    private static final Duration OUTAGE_LIMIT = Duration.ofSeconds(30);
    private static final Duration WARM_UP = Duration.ofSeconds(3);
    private static final Duration AFTERWARDS = Duration.ofSeconds(3);
    private static final Duration PAUSE = Duration.ofSeconds(8);
    private static final Duration DATABASE_OUTAGE = Duration.ofMinutes(1);
    private static final int REPLICAS = 3;
    private static final String GROUP = "failover";

    private final LocalCluster cluster;
    private final Consumer<String> progress;
    private final TopicPartition target;

    /**
     * What came out.
     *
     * @param errors what clients were told went wrong
     */
    record Result(
            Fault fault,
            List<Measurement> rounds,
            List<String> errors,
            List<Violation> violations) {
        Result {
            rounds = List.copyOf(rounds);
            errors = List.copyOf(errors);
            violations = List.copyOf(violations);
        }
    }

    FailoverBench(LocalCluster cluster, Fault fault, Consumer<String> progress) {
        this.cluster = cluster;
        this.progress = progress;
        this.target = new TopicPartition("failover-" + fault.name().toLowerCase(Locale.ROOT), 0);
    }

    Result run(Fault fault, int rounds) throws InterruptedException {
        String bootstrap = cluster.plan().bootstrap();
        List<Measurement> measured = new ArrayList<>();
        try (AdminProbe admin = new AdminProbe(bootstrap, target)) {
            prepare(admin);
            try (Probe probe = new Probe(bootstrap, target)) {
                Thread.sleep(WARM_UP);
                if (probe.acknowledgements().count() == 0) {
                    throw new ClusterFailureException(
                            "Nothing was acknowledged within "
                                    + WARM_UP.toSeconds()
                                    + " s: "
                                    + probe.errors().stream().findFirst().orElse("no error"));
                }
                for (int round = 1; round <= rounds; round++) {
                    Measurement one = round(fault, admin, probe);
                    measured.add(one);
                    progress.accept(
                            String.format(
                                    Locale.ROOT,
                                    "%s %d/%d: produce gap %.0f ms, consume gap %.0f ms%s",
                                    fault,
                                    round,
                                    rounds,
                                    one.produceGapMs(),
                                    one.consumeGapMs(),
                                    one.adminMs() < 0
                                            ? ""
                                            : String.format(
                                                    Locale.ROOT,
                                                    ", admin after %.0f ms, groups after %.0f ms",
                                                    one.adminMs(),
                                                    one.groupMs())));
                }
                List<String> errors = probe.errors();
                return new Result(fault, measured, errors, probe.finish());
            }
        }
    }

    private void prepare(AdminProbe admin) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + OUTAGE_LIMIT.toNanos();
        while (!admin.create(target.topic(), 1, REPLICAS, Map.of("min.insync.replicas", "2"))) {
            if (System.nanoTime() > deadlineNanos || admin.describe().isPresent()) {
                break;
            }
        }
        admin.awaitInSync(REPLICAS, IN_SYNC_LIMIT);
        admin.millisUntilGroups(GROUP, System.nanoTime(), OUTAGE_LIMIT);
    }

    private Measurement round(Fault fault, AdminProbe admin, Probe probe)
            throws InterruptedException {
        return switch (fault) {
            case KILL -> leader(admin, probe, Signal.KILL);
            case PAUSE -> leader(admin, probe, Signal.STOP);
            case CONTROLLER -> controller(admin, probe, Signal.KILL);
            case FREEZE -> controller(admin, probe, Signal.STOP);
            case DATABASE -> database(admin, probe);
            case RESTART -> restart(admin, probe);
        };
    }

    private Measurement leader(AdminProbe admin, Probe probe, Signal signal)
            throws InterruptedException {
        int leader = admin.awaitInSync(REPLICAS, IN_SYNC_LIMIT).leader().id();
        NodePlan node = cluster.plan().node(Integer.toString(leader));
        long fromNanos = System.nanoTime();
        cluster.signal(node, signal);
        awaitAcknowledgement(probe, fromNanos);
        Thread.sleep(signal == Signal.STOP ? PAUSE : AFTERWARDS);
        Measurement measured = gaps(probe, fromNanos, -1, -1);
        comeBack(node, signal);
        admin.awaitInSync(REPLICAS, IN_SYNC_LIMIT);
        Thread.sleep(AFTERWARDS);
        return measured;
    }

    /** One that was paused is replaced by its watchdog; where that is off, it is let go on. */
    private void comeBack(NodePlan node, Signal signal) throws InterruptedException {
        if (signal == Signal.KILL) {
            cluster.start(node);
        } else if (cluster.state(node) == LocalCluster.State.PAUSED) {
            cluster.signal(node, Signal.CONT);
        }
        cluster.awaitReady(List.of(node), ready -> {});
    }

    private void start(NodePlan node) throws InterruptedException {
        cluster.start(node);
        cluster.awaitReady(List.of(node), ready -> {});
    }

    /** Until something sent after the fault was acknowledged, or the outage is too long. */
    private static void awaitAcknowledgement(Probe probe, long fromNanos)
            throws InterruptedException {
        long deadlineNanos = fromNanos + OUTAGE_LIMIT.toNanos();
        Thread.sleep(Duration.ofMillis(500));
        int before = probe.acknowledgements().count();
        while (probe.acknowledgements().count() == before && System.nanoTime() < deadlineNanos) {
            Thread.sleep(Duration.ofMillis(10));
        }
    }

    private Measurement controller(AdminProbe admin, Probe probe, Signal signal)
            throws InterruptedException {
        NodePlan active =
                cluster.activeController()
                        .orElseThrow(() -> new ClusterFailureException("No coordinator is active"));
        long fromNanos = System.nanoTime();
        cluster.signal(active, signal);
        double adminMs = admin.millisUntilAdmin(fromNanos, OUTAGE_LIMIT);
        double groupMs = admin.millisUntilGroups(GROUP, fromNanos, OUTAGE_LIMIT);
        Thread.sleep(AFTERWARDS);
        Measurement measured = gaps(probe, fromNanos, adminMs, groupMs);
        comeBack(active, signal);
        Thread.sleep(AFTERWARDS);
        return measured;
    }

    private Measurement database(AdminProbe admin, Probe probe) throws InterruptedException {
        NodePlan postgres = cluster.plan().nodes(Role.POSTGRES).getFirst();
        long fromNanos = System.nanoTime();
        cluster.signal(postgres, Signal.STOP);
        Thread.sleep(DATABASE_OUTAGE);
        Measurement measured = gaps(probe, fromNanos, -1, -1);
        cluster.signal(postgres, Signal.CONT);
        admin.awaitInSync(REPLICAS, IN_SYNC_LIMIT);
        Thread.sleep(AFTERWARDS);
        return measured;
    }

    private Measurement restart(AdminProbe admin, Probe probe) throws InterruptedException {
        long fromNanos = System.nanoTime();
        for (Role role : List.of(Role.STORAGE, Role.COORDINATOR, Role.GATEWAY)) {
            for (NodePlan node : cluster.plan().nodes(role)) {
                long begunNanos = System.nanoTime();
                cluster.signal(node, Signal.TERM);
                start(node);
                admin.awaitInSync(REPLICAS, IN_SYNC_LIMIT);
                Thread.sleep(AFTERWARDS);
                progress.accept("  " + node.name() + " restarted: " + told(probe, begunNanos));
            }
        }
        return gaps(probe, fromNanos, -1, -1);
    }

    /** The longest silence since then, and the time of day when it began, for the nodes' logs. */
    private static String told(Probe probe, long sinceNanos) {
        long now = System.nanoTime();
        GapMeter.Gap gap = probe.acknowledgements().longestGap(sinceNanos, now);
        Instant begun = Instant.now().minusNanos(now - gap.fromNanos());
        return String.format(
                Locale.ROOT,
                "produce gap %.0f ms from %s",
                gap.nanos() / 1e6,
                begun.truncatedTo(ChronoUnit.MILLIS));
    }

    private static Measurement gaps(Probe probe, long fromNanos, double adminMs, double groupMs) {
        long now = System.nanoTime();
        return new Measurement(
                probe.acknowledgements().longestGap(fromNanos, now).nanos() / 1e6,
                probe.arrivals().longestGap(fromNanos, now).nanos() / 1e6,
                adminMs,
                groupMs);
    }
}
