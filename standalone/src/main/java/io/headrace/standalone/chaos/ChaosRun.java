package io.headrace.standalone.chaos;

import io.headrace.standalone.chaos.ChaosResult.Happened;
import io.headrace.standalone.cluster.ClusterFailureException;
import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.Role;
import io.headrace.standalone.fault.Fault;
import io.headrace.testkit.history.JournalChecker;
import io.headrace.testkit.history.PartitionReading;
import io.headrace.testkit.history.ProducerJournal;
import io.headrace.testkit.history.Violation;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** One run: load, faults as scheduled, the end of all faults, and what was found. */
final class ChaosRun {
    static final String TOPIC = "chaos";
    private static final int PARTITIONS = 6;
    private static final int PRODUCERS = 3;
    private static final int GROUP_MEMBERS = 2;
    private static final int VALUE_BYTES = 256;
    private static final int ORDERS_SHARE = 10;

    /** Small segments, so that the scrub has what to read. */
    private static final Map<String, String> TOPIC_CONFIGS =
            Map.of("min.insync.replicas", "2", "segment.bytes", "1048576");

    private static final Duration CATCH_UP = Duration.ofMinutes(2);
    private static final Duration LOOK = Duration.ofMillis(200);

    private final ChaosCluster chaos;
    private final LocalCluster cluster;
    private final String bootstrap;
    private final int recordsPerSecond;
    private final long stallNanos;
    private final Consumer<String> progress;
    private final List<Happened> happened = new ArrayList<>();
    private final List<Violation> violations = new ArrayList<>();
    private final List<ProducerLoad> producers = new ArrayList<>();
    private final List<ConsumerLoad> consumers = new ArrayList<>();
    private final List<Activity> activities = new ArrayList<>();
    private final AtomicInteger underWay = new AtomicInteger();
    private @Nullable BankLoad bank;
    private long begunNanos;

    ChaosRun(ChaosCluster chaos, int recordsPerSecond, Duration stall, Consumer<String> progress) {
        this.chaos = chaos;
        this.cluster = chaos.cluster();
        this.bootstrap = cluster.plan().bootstrap();
        this.recordsPerSecond = recordsPerSecond;
        this.stallNanos = stall.toNanos();
        this.progress = progress;
    }

    ChaosResult run(Schedule schedule, Duration total) throws IOException, InterruptedException {
        chaos.start(progress);
        try (TopicProbe topic = new TopicProbe(bootstrap)) {
            topic.create(TOPIC, PARTITIONS, 3, TOPIC_CONFIGS);
            for (Map.Entry<String, Integer> each : BankLoad.topics().entrySet()) {
                topic.create(each.getKey(), each.getValue(), 3, TOPIC_CONFIGS);
            }
            begunNanos = System.nanoTime();
            startLoad();
            StallWatch watch = new StallWatch(activities, begunNanos, stallNanos);
            try (ScheduledExecutorService looker = Executors.newSingleThreadScheduledExecutor()) {
                looker.scheduleAtFixedRate(
                        watch::look, LOOK.toMillis(), LOOK.toMillis(), TimeUnit.MILLISECONDS);
                befall(schedule, watch, total.toMillis());
                sleepUntil(total.toMillis());
                awaitHealthy(topic);
                looker.shutdownNow();
            }
            double seconds = seconds();
            violations.addAll(watch.violations());
            Map<String, String> counts = check(topic);
            awaitSameReplicas();
            chaos.stop();
            violations.addAll(compareReplicas());
            return new ChaosResult(
                    schedule, seconds, happened, activities, counts, chaos.notes(), violations);
        }
    }

    private double seconds() {
        return (System.nanoTime() - begunNanos) / 1e9;
    }

    private void sleepUntil(long ms) throws InterruptedException {
        long leftNanos = begunNanos + ms * 1_000_000 - System.nanoTime();
        if (leftNanos > 0) {
            TimeUnit.NANOSECONDS.sleep(leftNanos);
        }
    }

    private void startLoad() {
        Activity produced = activity("produce");
        for (int i = 1; i <= PRODUCERS; i++) {
            producers.add(
                    new ProducerLoad(
                            bootstrap,
                            new ProducerJournal("producer-" + i, i, TOPIC),
                            produced,
                            PARTITIONS,
                            Math.max(1, recordsPerSecond / PRODUCERS),
                            VALUE_BYTES));
        }
        Activity grouped = activity("group");
        for (int i = 1; i <= GROUP_MEMBERS; i++) {
            consumers.add(
                    new ConsumerLoad(bootstrap, "member-" + i, "chaos", TOPIC, List.of(), grouped));
        }
        consumers.add(
                new ConsumerLoad(bootstrap, "reader", "", TOPIC, partitions(), activity("read")));
        int perSecond = Math.max(1, recordsPerSecond / ORDERS_SHARE);
        BankLoad opened = new BankLoad(bootstrap, PRODUCERS + 1, perSecond, this::activity);
        producers.add(opened.orders());
        bank = opened;
    }

    private Activity activity(String name) {
        Activity activity = new Activity(name, begunNanos);
        activities.add(activity);
        return activity;
    }

    private static List<TopicPartition> partitions() {
        List<TopicPartition> partitions = new ArrayList<>();
        for (int i = 0; i < PARTITIONS; i++) {
            partitions.add(new TopicPartition(TOPIC, i));
        }
        return partitions;
    }

    /**
     * Each lane on a thread of its own; what fails in one ends the run. Where healing took long,
     * the rest of a lane's faults falls away with the time.
     */
    private void befall(Schedule schedule, StallWatch watch, long totalMs)
            throws IOException, InterruptedException {
        try (ExecutorService lanes = Executors.newCachedThreadPool()) {
            List<Future<?>> running = new ArrayList<>();
            for (int lane : List.of(0, 1)) {
                List<Schedule.Event> events =
                        schedule.events().stream().filter(event -> event.lane() == lane).toList();
                running.add(
                        lanes.submit(
                                () -> {
                                    for (Schedule.Event event : events) {
                                        if (seconds() * 1_000 < totalMs) {
                                            befall(event, watch);
                                        }
                                    }
                                    return true;
                                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
        } catch (ExecutionException e) {
            throw new ClusterFailureException("A fault failed: " + e.getCause(), e);
        }
    }

    private void befall(Schedule.Event event, StallWatch watch)
            throws IOException, InterruptedException {
        sleepUntil(event.atMs());
        double from = seconds();
        Fault.Injected injected =
                chaos.fault(event.kind()).inject(cluster, new SplittableRandom(event.seed()));
        say(injected.what());
        boolean excused = underWay.incrementAndGet() > 1 || injected.stopsAll();
        if (excused) {
            watch.excuse();
        }
        Thread.sleep(event.lastsMs());
        injected.heal();
        underWay.decrementAndGet();
        if (excused) {
            watch.expect();
        }
        say("healed: " + injected.what());
        synchronized (happened) {
            happened.add(new Happened(event.kind(), injected.what(), from, seconds()));
        }
    }

    private void say(String text) {
        progress.accept(String.format(Locale.ROOT, "%6.1f s  %s", seconds(), text));
    }

    /** After the last fault every partition must come back to all its replicas. */
    private void awaitHealthy(TopicProbe topic) throws InterruptedException {
        double from = seconds();
        String missing = topic.awaitAllInSync(3, CATCH_UP);
        if (!missing.isEmpty()) {
            violations.add(
                    new Violation.Stalled("replication: " + missing, from, seconds() - from));
        }
        say(missing.isEmpty() ? "all replicas are in sync" : "not in sync: " + missing);
    }

    /** However long the last fault silenced the tellers, they must come to the end. */
    private void awaitCarriedOut(TopicProbe topics) throws InterruptedException {
        double from = seconds();
        String left = Objects.requireNonNull(bank).awaitCarriedOut(topics, CATCH_UP);
        if (!left.isEmpty()) {
            violations.add(new Violation.Stalled("tellers: " + left, from, seconds() - from));
        }
        say(left.isEmpty() ? "all orders are carried out" : "not carried out: " + left);
    }

    private Map<String, String> check(TopicProbe topics) throws InterruptedException {
        for (ProducerLoad producer : producers) {
            producer.finish();
        }
        List<PartitionReading> last =
                new ArrayList<>(FinalReader.read(bootstrap, "final", partitions()));
        last.addAll(FinalReader.read(bootstrap, "second", partitions()));
        awaitCarriedOut(topics);
        awaitConsumers();
        List<PartitionReading> live = new ArrayList<>();
        long errors = 0;
        for (ConsumerLoad consumer : consumers) {
            live.addAll(consumer.finish());
            errors += consumer.errors();
        }
        List<ProducerJournal> journals = producers.stream().map(ProducerLoad::journal).toList();
        BankLoad ended = Objects.requireNonNull(bank);
        last.addAll(ended.readOrders());
        violations.addAll(JournalChecker.check(journals, last, live));
        Map<String, String> counts = new LinkedHashMap<>();
        violations.addAll(ended.finish(counts));
        counts.put(
                "records sent", number(journals.stream().mapToLong(ProducerJournal::count).sum()));
        counts.put(
                "acknowledged",
                number(journals.stream().mapToLong(ProducerJournal::acknowledgedCount).sum()));
        counts.put(
                "given up by producers",
                number(producers.stream().mapToLong(ProducerLoad::failed).sum()));
        counts.put("read at the end", number(last.stream().mapToLong(r -> r.count()).sum() / 2));
        counts.put("read meanwhile", number(live.stream().mapToLong(r -> r.count()).sum()));
        counts.put("errors that consumers saw", number(errors));
        for (Activity activity : activities) {
            counts.put(
                    "longest silence of " + activity.name(),
                    String.format(Locale.ROOT, "%.2f s", activity.longestGapSeconds()));
        }
        return counts;
    }

    private static String number(long value) {
        return String.format(Locale.ROOT, "%,d", value);
    }

    /** Until the live consumers have been silent for a while: they have read everything. */
    private void awaitConsumers() throws InterruptedException {
        long deadlineNanos = System.nanoTime() + CATCH_UP.toNanos();
        long quietNanos = Duration.ofSeconds(2).toNanos();
        while (System.nanoTime() < deadlineNanos) {
            long now = System.nanoTime();
            if (activities.stream().allMatch(one -> now - one.lastNanos() > quietNanos)) {
                return;
            }
            Thread.sleep(LOOK);
        }
    }

    /** What the scrub of a damaged node has not come to yet, it is given time for. */
    private void awaitSameReplicas() throws IOException, InterruptedException {
        long deadlineNanos = System.nanoTime() + CATCH_UP.toNanos();
        while (!compareReplicas().isEmpty() && System.nanoTime() < deadlineNanos) {
            Thread.sleep(LOOK);
        }
        say("replicas compared");
    }

    private List<Violation> compareReplicas() throws IOException {
        Map<String, Path> data = new TreeMap<>();
        for (NodePlan node : cluster.plan().nodes(Role.STORAGE)) {
            data.put(node.name(), cluster.directory().dataOf(node));
        }
        List<Violation> found = new ArrayList<>();
        for (String topic : List.of(TOPIC, BankLoad.ORDERS, BankLoad.ACCOUNTS)) {
            found.addAll(new ReplicaComparison(topic).compare(data));
        }
        return found;
    }
}
