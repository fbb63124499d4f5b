package io.headrace.simulation;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.simulation.client.Administrator;
import io.headrace.simulation.client.CommittedReader;
import io.headrace.simulation.client.Ledger;
import io.headrace.simulation.client.OffsetCommitter;
import io.headrace.simulation.client.ShareLedger;
import io.headrace.simulation.client.ShareMember;
import io.headrace.simulation.client.SimulatedProducer;
import io.headrace.simulation.client.SimulatedReader;
import io.headrace.simulation.client.TransactionalProducer;
import io.headrace.simulation.client.Transactions;
import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;
import io.headrace.testkit.history.History;
import io.headrace.testkit.history.HistoryChecker;
import io.headrace.testkit.history.ReadRecord;
import io.headrace.testkit.history.Violation;

import org.apache.kafka.common.TopicPartition;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** The clients of a run, and what they were promised. */
final class Workload {
    private static final String DURABLE = "durable";
    private static final TopicPartition SHARED = new TopicPartition(DURABLE, 0);
    private static final String SHARE_GROUP = "sharers";

    private final World world;
    private final Wire wire;
    private final Plan plan;
    private final Ledger ledger = new Ledger();
    private final Transactions transactions = new Transactions();
    private final List<TopicPartition> partitions = new ArrayList<>();
    private final List<TopicPartition> transactional = new ArrayList<>();
    private final List<SimulatedProducer> producers = new ArrayList<>();
    private final List<TransactionalProducer> transactors = new ArrayList<>();
    private final List<OffsetCommitter> committers = new ArrayList<>();
    private final List<SimulatedReader> followers = new ArrayList<>();
    private final List<CommittedReader> committedReaders = new ArrayList<>();
    private final List<ShareMember> shareMembers = new ArrayList<>();
    private final ShareLedger shares;
    private int recordsRead;

    /** Waits until something holds. */
    interface Patience {
        void await(String what, BooleanSupplier condition);
    }

    /**
     * @param truth the committed metadata
     */
    Workload(World world, Wire wire, Plan plan, Supplier<MetadataImage> truth) {
        this.world = world;
        this.wire = wire;
        this.plan = plan;
        this.shares = new ShareLedger(world, truth, SHARED);
    }

    Host host(String name) {
        Host host = new Host(world, name, () -> true);
        wire.attach(host);
        return host;
    }

    void createTopics(Administrator administrator) {
        Map<String, String> safe = new HashMap<>(Map.of("min.insync.replicas", "2"));
        if (plan.rots()) {
            safe.put("segment.ms", String.valueOf(world.between(20, 500)));
        }
        create(administrator, DURABLE, plan.hasTransactions() ? 1 : 2, safe, partitions);
        if (plan.hasCachedTopic()) {
            Map<String, String> cached = new HashMap<>(safe);
            cached.put("flush.policy", "page-cache");
            create(administrator, "cached", 1, cached, partitions);
        }
        if (plan.hasTransactions()) {
            create(administrator, "transfers", 2, safe, transactional);
        }
        if (plan.hasShareGroup()) {
            administrator.configureGroup(
                    SHARE_GROUP,
                    Map.of(
                            "share.auto.offset.reset",
                            "earliest",
                            "share.record.lock.duration.ms",
                            "2000",
                            "share.delivery.count.limit",
                            "10"));
        }
    }

    private static void create(
            Administrator administrator,
            String topic,
            int count,
            Map<String, String> configs,
            List<TopicPartition> into) {
        administrator.create(topic, count, configs);
        for (int i = 0; i < count; i++) {
            into.add(new TopicPartition(topic, i));
        }
    }

    void start() {
        for (int i = 0; i < 2; i++) {
            SimulatedProducer producer =
                    new SimulatedProducer(
                            host("p" + i),
                            wire,
                            Cluster.NODES,
                            ledger,
                            partitions,
                            plan.thinkMaxMs(),
                            plan.maxInFlight());
            producers.add(producer);
            producer.start();
        }
        for (int i = 0; i < 2 && plan.hasTransactions(); i++) {
            TransactionalProducer producer =
                    new TransactionalProducer(
                            host("t" + i),
                            wire,
                            Cluster.NODES,
                            transactions,
                            transactional,
                            plan.thinkMaxMs(),
                            plan.hasTransactionalOffsets());
            transactors.add(producer);
            producer.start();
        }
        for (int i = 0; i < 2 && plan.hasGroups(); i++) {
            OffsetCommitter committer =
                    new OffsetCommitter(
                            host("g" + i), wire, Cluster.NODES, DURABLE, 2 * plan.thinkMaxMs());
            committers.add(committer);
            committer.start();
        }
        for (int i = 0; i < 2 && plan.hasShareGroup(); i++) {
            ShareMember member =
                    new ShareMember(
                            host("m" + i), wire, Cluster.NODES, shares, SHARE_GROUP, SHARED);
            shareMembers.add(member);
            member.start();
        }
        for (TopicPartition partition : partitions) {
            SimulatedReader reader = reader("f-" + partition, partition, new ArrayList<>());
            followers.add(reader);
            reader.start();
        }
        for (TopicPartition partition : transactional) {
            CommittedReader reader = committedReader("f-" + partition, partition);
            committedReaders.add(reader);
            reader.start();
        }
    }

    /** Begins nothing more; waits until whoever asked for something has its answer. */
    void finish(Patience patience) {
        producers.forEach(SimulatedProducer::stop);
        transactors.forEach(TransactionalProducer::stop);
        committers.forEach(OffsetCommitter::stop);
        patience.await(
                "every producer hears of its last batch",
                () -> producers.stream().allMatch(SimulatedProducer::isIdle));
        patience.await(
                "every transaction ends",
                () -> transactors.stream().allMatch(TransactionalProducer::isOver));
    }

    /** Which clients still wait for something, for messages. */
    String open() {
        return "waiting: "
                + producers.stream().filter(each -> !each.isIdle()).count()
                + " producers, "
                + transactors.stream().filter(each -> !each.isOver()).count()
                + " transactions, "
                + committers.stream().filter(each -> !each.isDone()).count()
                + " groups, the share group is at "
                + shareMembers.stream().map(ShareMember::startOffset).toList()
                + "; ";
    }

    /** Reads everything and compares it with what was promised. */
    void check(Patience patience) {
        patience.await(
                "every group reads its offset",
                () -> committers.stream().allMatch(OffsetCommitter::isDone));
        followers.forEach(SimulatedReader::stop);
        for (TopicPartition partition : partitions) {
            checkPartition(patience, partition);
        }
        List<Long> committed = new ArrayList<>();
        for (int i = 0; i < transactional.size(); i++) {
            TopicPartition partition = transactional.get(i);
            CommittedReader follower = committedReaders.get(i);
            CommittedReader reader = committedReader("last-" + partition, partition);
            reader.start();
            patience.await("a reader comes to the end of " + partition, reader::isAtEnd);
            reader.stop();
            patience.await(
                    "another reader comes as far",
                    () -> follower.nextOffset() >= reader.nextOffset());
            follower.stop();
            if (!follower.codes().equals(reader.codes())) {
                throw new AssertionError(
                        "two readers of committed records of %s see %s and %s"
                                .formatted(partition, follower.codes(), reader.codes()));
            }
            committed.addAll(reader.codes());
        }
        recordsRead += committed.size();
        transactions.check(committed);
        patience.await(
                "the share group comes to the end",
                () -> shareMembers.stream().allMatch(ShareMember::isDone));
    }

    private void checkPartition(Patience patience, TopicPartition partition) {
        List<ReadRecord> read = new ArrayList<>();
        SimulatedReader reader = reader("last-" + partition, partition, read);
        reader.start();
        patience.await("a reader comes to the end of " + partition, reader::isAtEnd);
        reader.stop();
        if (partition.equals(SHARED)) {
            shareMembers.forEach(member -> member.finish(reader.nextOffset()));
        }
        recordsRead += read.size();
        History history =
                new History(
                        ledger.sent(),
                        ledger.acknowledged().stream()
                                .filter(
                                        each ->
                                                each.sent().topic().equals(partition.topic())
                                                        && each.sent().partition()
                                                                == partition.partition())
                                .toList(),
                        read);
        List<Violation> violations = HistoryChecker.check(history);
        if (!violations.isEmpty()) {
            throw new AssertionError("a broken promise: " + violations.getFirst());
        }
    }

    private SimulatedReader reader(String name, TopicPartition partition, List<ReadRecord> into) {
        return new SimulatedReader(
                host(name),
                wire,
                Cluster.NODES,
                ledger,
                partition,
                (offset, code) ->
                        into.add(
                                new ReadRecord(
                                        name,
                                        partition.topic(),
                                        partition.partition(),
                                        offset,
                                        ledger.recordOf(code))));
    }

    private CommittedReader committedReader(String name, TopicPartition partition) {
        return new CommittedReader(host(name), wire, Cluster.NODES, transactions, partition);
    }

    int acknowledged() {
        return ledger.acknowledged().size();
    }

    int read() {
        return recordsRead;
    }

    long sequenceRefusals() {
        return ledger.sequenceRefusals();
    }

    /** How often each checker of this compared something. */
    Map<String, Long> checks() {
        return Map.of(
                "HistoryChecker",
                (long) ledger.acknowledged().size(),
                "CommittedOffsetsStay",
                committers.stream().mapToLong(OffsetCommitter::reads).sum(),
                "Transactions",
                transactions.checks(),
                "committed transactions",
                transactions.committed(),
                "AcknowledgedIsNotDelivered",
                shares.checks(),
                "shared deliveries",
                shares.deliveries());
    }
}
