package io.headrace.storage.replication;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.PartitionImage;
import io.headrace.protocol.metadata.PartitionImage.IsrMember;
import io.headrace.protocol.metadata.record.NodeRecord;
import io.headrace.storage.epoch.LeaderEpochs;
import io.headrace.storage.replication.ReplicationEffect.BeginEpoch;
import io.headrace.storage.replication.ReplicationEffect.Follow;
import io.headrace.storage.replication.ReplicationEffect.Lead;
import io.headrace.storage.replication.ReplicationEffect.MoveHighWatermark;
import io.headrace.storage.replication.ReplicationEffect.ProposeIsr;
import io.headrace.storage.replication.ReplicationEffect.StopLeading;
import io.headrace.storage.replication.ReplicationEvent.EpochStarted;
import io.headrace.storage.replication.ReplicationEvent.FollowerFetched;
import io.headrace.storage.replication.ReplicationEvent.IsrDecided;
import io.headrace.storage.replication.ReplicationEvent.LogAdvanced;
import io.headrace.storage.replication.ReplicationEvent.MetadataApplied;
import io.headrace.storage.replication.ReplicationEvent.Tick;
import io.headrace.storage.replication.ReplicationState.Following;
import io.headrace.storage.replication.ReplicationState.Leading;

import org.apache.kafka.common.Uuid;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * One partition on three nodes with the real cores, and around them as little as shows whether they
 * are right: logs as lists of numbers, a controller that keeps Kafka's rules (KIP-903, KIP-966 with
 * two in-sync replicas at least), and messages that arrive late, twice or never.
 */
final class ReplicationModel {
    private static final int MIN_IN_SYNC = ModelImages.MIN_IN_SYNC;
    private static final long MAX_LAG_MS = 50;

    private final RandomGenerator random;
    private final boolean reportsUnflushed;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Runnable> network = new ArrayList<>();
    private final List<Metadata> history = new ArrayList<>();
    private final List<Long> committed = new ArrayList<>();
    private MetadataImage cluster = MetadataImage.EMPTY;
    private PartitionImage partition;
    private long nowMs;
    private long nextValue;
    private long nextNodeEpoch = 100;
    private int elections;
    private int truncations;

    /** One state of the metadata log. */
    private record Metadata(MetadataImage cluster, PartitionImage partition) {}

    ReplicationModel(RandomGenerator random, boolean reportsUnflushed) {
        this.random = random;
        this.reportsUnflushed = reportsUnflushed;
        this.partition = ModelImages.partition(List.of(), List.of(1, 2, 3), -1, -1, 0, 0);
        for (int id = 1; id <= 3; id++) {
            nodes.add(new Node(id));
        }
        for (Node node : nodes) {
            register(node);
        }
    }

    int committedCount() {
        return committed.size();
    }

    int electionCount() {
        return elections;
    }

    int truncationCount() {
        return truncations;
    }

    void run(int steps) {
        for (int i = 0; i < steps; i++) {
            nowMs += random.nextInt(3);
            Node node = nodes.get(random.nextInt(nodes.size()));
            int chance = random.nextInt(100);
            if (chance < 18) {
                node.produce();
            } else if (chance < 36) {
                node.sendFetch();
            } else if (chance < 50) {
                node.flush();
            } else if (chance < 80) {
                deliver();
            } else if (chance < 90) {
                node.applyMetadata();
            } else if (chance < 93) {
                node.step(new Tick(nowMs, node.seen.cluster()));
            } else if (chance < 99) {
                register(node);
            } else if (random.nextBoolean()) {
                fence(node);
            } else {
                node.crash();
            }
        }
    }

    /** One message arrives, in any order; some are lost, some come twice. */
    private void deliver() {
        if (network.isEmpty()) {
            return;
        }
        int index = random.nextInt(network.size());
        int fate = random.nextInt(10);
        Runnable message = fate == 0 ? network.get(index) : network.remove(index);
        if (fate != 1) {
            message.run();
        }
    }

    // The controller.

    private void publish(PartitionImage next) {
        partition = next;
        history.add(new Metadata(cluster, next));
    }

    private void setNode(int id, long nodeEpoch, boolean fenced) {
        cluster =
                cluster.apply(
                        cluster.nextOffset(),
                        new NodeRecord()
                                .setNodeId(id)
                                .setIncarnationId(Uuid.ZERO_UUID)
                                .setNodeEpoch(nodeEpoch)
                                .setFenced(fenced));
    }

    private void register(Node node) {
        if (node.nodeEpoch >= 0) {
            return;
        }
        leaveInSync(node.id);
        long nodeEpoch = nextNodeEpoch++;
        setNode(node.id, nodeEpoch, false);
        publish(partition);
        node.nodeEpoch = nodeEpoch;
        elect();
    }

    private void fence(Node node) {
        var known = cluster.nodes().get(node.id);
        if (known != null && !known.fenced()) {
            setNode(node.id, known.nodeEpoch(), true);
            leaveInSync(node.id);
            elect();
            node.nodeEpoch = -1; // it hears so and registers anew
        }
    }

    private void leaveInSync(int id) {
        List<IsrMember> isr = new ArrayList<>(partition.isr());
        boolean was = isr.removeIf(member -> member.nodeId() == id);
        List<Integer> eligible = new ArrayList<>(partition.eligibleLeaderReplicas());
        if (was && isr.size() < MIN_IN_SYNC) {
            eligible.add(id);
        }
        boolean led = partition.leaderId() == id;
        if (was || led) {
            publish(change(isr, eligible, led ? -1 : partition.leaderId(), led));
        }
    }

    private void elect() {
        if (partition.leaderId() >= 0) {
            return;
        }
        for (IsrMember member : partition.isr()) {
            if (cluster.isActive(member.nodeId(), member.nodeEpoch())) {
                lead(member.nodeId(), partition.isr(), partition.eligibleLeaderReplicas());
                return;
            }
        }
        for (int id : partition.eligibleLeaderReplicas()) {
            var known = cluster.nodes().get(id);
            if (partition.isr().isEmpty() && known != null && !known.fenced()) {
                List<Integer> eligible = new ArrayList<>(partition.eligibleLeaderReplicas());
                eligible.removeIf(other -> other == id);
                lead(id, List.of(new IsrMember(id, known.nodeEpoch())), eligible);
                return;
            }
        }
    }

    private void lead(int id, List<IsrMember> isr, List<Integer> eligible) {
        elections++;
        publish(change(isr, eligible, id, true));
    }

    private PartitionImage change(
            List<IsrMember> isr, List<Integer> eligible, int leaderId, boolean raisesEpoch) {
        var leader = cluster.nodes().get(leaderId);
        return ModelImages.partition(
                isr,
                eligible,
                leaderId,
                leader == null ? -1 : leader.nodeEpoch(),
                partition.leaderEpoch() + (raisesEpoch ? 1 : 0),
                partition.partitionEpoch() + 1);
    }

    /** AlterPartition arrives; the answer may be lost. */
    private void onProposal(Node from, long senderEpoch, ProposeIsr asked) {
        IsrVerdict verdict = IsrVerdict.COMMITTED;
        if (partition.leaderEpoch() != asked.leaderEpoch()
                || partition.leaderId() != from.id
                || partition.leaderNodeEpoch() != senderEpoch
                || partition.partitionEpoch() != asked.partitionEpoch()) {
            verdict = IsrVerdict.OUT_OF_DATE;
        } else {
            for (IsrMember member : asked.isr()) {
                if (!cluster.isActive(member.nodeId(), member.nodeEpoch())) {
                    verdict = IsrVerdict.REFUSED;
                }
            }
        }
        if (verdict == IsrVerdict.COMMITTED) {
            List<Integer> eligible =
                    asked.isr().size() >= MIN_IN_SYNC
                            ? List.of()
                            : eligibleAfter(asked.isr(), partition);
            publish(change(asked.isr(), eligible, from.id, false));
        }
        // A refusal after an attempt of unknown outcome is not certain: messages come twice here.
        IsrVerdict told = verdict == IsrVerdict.REFUSED ? IsrVerdict.UNCERTAIN : verdict;
        int newEpoch = partition.partitionEpoch();
        network.add(
                () ->
                        from.step(
                                new IsrDecided(
                                        asked.leaderEpoch(),
                                        asked.partitionEpoch(),
                                        told,
                                        newEpoch)));
    }

    private static List<Integer> eligibleAfter(List<IsrMember> isr, PartitionImage before) {
        List<Integer> eligible = new ArrayList<>(before.eligibleLeaderReplicas());
        for (IsrMember member : before.isr()) {
            if (isr.stream().noneMatch(kept -> kept.nodeId() == member.nodeId())) {
                eligible.add(member.nodeId());
            }
        }
        eligible.removeIf(id -> isr.stream().anyMatch(kept -> kept.nodeId() == id));
        return eligible;
    }

    // The nodes.

    /** One node: the real core, and a log that is a list. */
    private final class Node {
        private final int id;
        private final List<Long> log = new ArrayList<>();
        private LeaderEpochs epochs = new LeaderEpochs();
        private Replication core;
        private long nodeEpoch = -1;
        private int flushed;
        private long highWatermark;
        private int applied;
        private int exchanges;
        private int awaited;
        private Metadata seen = new Metadata(MetadataImage.EMPTY, partition);

        Node(int id) {
            this.id = id;
            this.core = new Replication(id, MAX_LAG_MS);
        }

        void step(ReplicationEvent event) {
            for (ReplicationEffect effect : core.step(event)) {
                switch (effect) {
                    case BeginEpoch(int leaderEpoch) -> {
                        epochs.assign(leaderEpoch, log.size());
                        step(
                                new EpochStarted(
                                        leaderEpoch,
                                        flushed,
                                        log.size(),
                                        Math.min(highWatermark, log.size()),
                                        nowMs));
                    }
                    case MoveHighWatermark(long offset) -> {
                        highWatermark = offset;
                        checkCommitted(this, offset);
                    }
                    case ProposeIsr asked -> {
                        long senderEpoch = nodeEpoch;
                        network.add(() -> onProposal(this, senderEpoch, asked));
                    }
                    case Lead lead -> checkHasCommitted(this);
                    case Follow follow -> {
                        // the core's state says whom
                    }
                    case StopLeading stop -> {
                        // nobody waits here
                    }
                }
            }
        }

        void produce() {
            if (core.state() instanceof Leading leading) {
                log.add(nextValue++ * 1_000 + leading.leaderEpoch());
                step(new LogAdvanced(flushed, log.size()));
            }
        }

        void flush() {
            flushed = log.size();
            step(new LogAdvanced(flushed, log.size()));
        }

        /** The process dies: what is not flushed is lost, and so is all that was in memory. */
        void crash() {
            cut(flushed);
            core = new Replication(id, MAX_LAG_MS);
            applied = history.size() - 1 - random.nextInt(Math.min(3, history.size()));
            nodeEpoch = -1;
            seen = history.get(Math.max(0, applied));
            applied = Math.max(0, applied);
            awaited = 0;
        }

        private void cut(int size) {
            if (size < log.size()) {
                log.subList(size, log.size()).clear();
            }
            flushed = Math.min(flushed, size);
            highWatermark = Math.min(highWatermark, size);
            epochs.truncateFromEnd(size);
        }

        void applyMetadata() {
            int last = Math.min(history.size(), applied + 1 + random.nextInt(8));
            while (applied < last) {
                seen = history.get(applied++);
                if (applied == 1 || applied == last || random.nextBoolean()) {
                    step(new MetadataApplied(seen.partition(), nodeEpoch));
                }
            }
        }

        void sendFetch() {
            if (nodeEpoch < 0
                    || !(core.state() instanceof Following(int leaderId, int leaderEpoch))
                    || leaderId < 0) {
                return;
            }
            // A connection answers each fetch once, and the fetcher waits for one answer at a time.
            int asking = ++exchanges;
            awaited = asking;
            long askedEpoch = nodeEpoch;
            int offset = log.size();
            int lastEpoch = epochs.latest();
            int told = reportsUnflushed ? offset : flushed;
            Node leader = nodes.get(leaderId - 1);
            network.add(
                    () ->
                            leader.onFetch(
                                    this,
                                    asking,
                                    askedEpoch,
                                    leaderEpoch,
                                    offset,
                                    lastEpoch,
                                    told));
        }

        private void onFetch(
                Node from,
                int asking,
                long fromEpoch,
                int leaderEpoch,
                int offset,
                int lastEpoch,
                int told) {
            if (!(core.state() instanceof Leading leading)
                    || leading.leaderEpoch() != leaderEpoch) {
                return;
            }
            long end = lastEpoch < 0 ? offset : epochs.endOffset(lastEpoch, log.size());
            int floor = lastEpoch < 0 ? lastEpoch : epochs.floor(lastEpoch);
            if (end < 0) {
                return;
            }
            if (lastEpoch >= 0 && ((floor != lastEpoch && floor >= 0) || end < offset)) {
                network.add(() -> from.onDiverged(asking, leaderEpoch, offset, floor, (int) end));
                return;
            }
            boolean active = seen.cluster().isActive(from.id, fromEpoch);
            step(
                    new FollowerFetched(
                            from.id, fromEpoch, leaderEpoch, offset, told, -1, active, nowMs));
            List<Long> records = new ArrayList<>();
            if (offset < log.size()) {
                int until = Math.min(log.size(), offset + 1 + random.nextInt(3));
                records.addAll(log.subList(offset, until));
            }
            long committedHere = highWatermark;
            network.add(() -> from.onRecords(asking, leaderEpoch, offset, records, committedHere));
        }

        private boolean accepts(int asking, int leaderEpoch, int offset) {
            boolean isAnswer = awaited == asking;
            awaited = isAnswer ? 0 : awaited;
            return isAnswer
                    && core.state() instanceof Following following
                    && following.leaderEpoch() == leaderEpoch
                    && log.size() == offset;
        }

        private void onDiverged(int asking, int leaderEpoch, int offset, int epoch, int endOffset) {
            if (accepts(asking, leaderEpoch, offset)) {
                long own = epoch < 0 ? 0 : epochs.endOffset(epoch, log.size());
                truncations++;
                cut((int) (own < 0 ? endOffset : Math.min(own, endOffset)));
            }
        }

        private void onRecords(
                int asking,
                int leaderEpoch,
                int offset,
                List<Long> records,
                long leaderHighWatermark) {
            if (!accepts(asking, leaderEpoch, offset)) {
                return;
            }
            for (long record : records) {
                int epoch = (int) (record % 1_000);
                if (epoch > epochs.latest()) {
                    epochs.assign(epoch, log.size());
                }
                log.add(record);
            }
            highWatermark = Math.max(highWatermark, Math.min(leaderHighWatermark, log.size()));
        }
    }

    // What must hold.

    private void checkCommitted(Node leader, long offset) {
        for (int i = 0; i < offset; i++) {
            long value = leader.log.get(i);
            if (i < committed.size()) {
                if (committed.get(i) != value) {
                    throw new AssertionError(
                            "Offset "
                                    + i
                                    + " was committed as "
                                    + committed.get(i)
                                    + ", then as "
                                    + value
                                    + " by node "
                                    + leader.id);
                }
            } else {
                committed.add(value);
            }
        }
    }

    /** A leader that was elected in the newest epoch has all that was committed before. */
    private void checkHasCommitted(Node leader) {
        if (leader.seen.partition().leaderEpoch() == partition.leaderEpoch()) {
            boolean has =
                    leader.log.size() >= committed.size()
                            && leader.log.subList(0, committed.size()).equals(committed);
            if (!has) {
                throw new AssertionError(
                        "Node " + leader.id + " leads without all of the committed records");
            }
        }
    }
}
