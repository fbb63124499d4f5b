package io.headrace.storage.share;

import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * Share partitions of one leader after the other, their members and the shard, under chance: lost
 * and late writes, expired locks, members that leave, a log with gaps and markers that loses its
 * beginning, deposed leaders that go on.
 *
 * <p>Checked all the time: what was answered as accepted or rejected is never delivered again; one
 * leader never gives a record to two members at a time; deliveries are counted and bounded; no
 * marker or gap is delivered; the window is bounded. Checked at the end: every record was accepted,
 * rejected, or delivered as often as the limit says.
 */
final class ShareModel {
    private static final int LOCK_MS = 1_000;
    private static final int DELIVERY_LIMIT = 3;
    private static final int MAX_LOCKS = 20;
    private static final int MAX_BATCH = 6;
    private static final ShareSettings SETTINGS =
            new ShareSettings(
                    LOCK_MS, DELIVERY_LIMIT, MAX_LOCKS, false, true, new OffsetReset.Earliest());

    private final RandomGenerator random;
    private final ShareShardFake shard;
    private final List<FetchedBatch> log = new ArrayList<>();
    private final Set<Long> done = new HashSet<>();

    /** What was accepted or rejected with an unknown outcome: the shard may have it. */
    private final Set<Long> mayBeDone = new HashSet<>();

    private final Map<Long, Integer> deliveries = new HashMap<>();
    private final List<Leader> leaders = new ArrayList<>();

    /** Every write that was sent: a lost connection may give it up late, after others. */
    private final List<StateWrite> onTheWay = new ArrayList<>();

    private long logStart;
    private long logEnd;
    private long nowMs;
    private int leaderEpoch;
    private int deliveredCount;
    private int redeliveredCount;
    private int takeOverCount;

    /** A node that leads, or believes so, and what its members hold. */
    private static final class Leader {
        private final SharePartition partition;
        private final TreeMap<Long, Held> held = new TreeMap<>();
        private final Map<Long, Integer> counts = new HashMap<>();
        private final Deque<StateWrite> underWay = new ArrayDeque<>();

        Leader(SharePartition partition) {
            this.partition = partition;
        }
    }

    private record Held(String member, long untilMs, boolean acknowledged) {}

    ShareModel(RandomGenerator random, boolean shardForgetsEpochs) {
        this.random = random;
        this.shard = new ShareShardFake(shardForgetsEpochs);
        shard.initialize(1, -1);
        takeOver();
    }

    int deliveredCount() {
        return deliveredCount;
    }

    int redeliveredCount() {
        return redeliveredCount;
    }

    int takeOverCount() {
        return takeOverCount;
    }

    /**
     * @param takeOverAt a step before which another leader takes over in any case, or -1
     */
    void run(int steps, int takeOverAt) {
        for (int i = 0; i < steps; i++) {
            if (i == takeOverAt) {
                takeOver();
            }
            step();
        }
        drain();
    }

    private void step() {
        Leader leader = anyLeader();
        switch (random.nextInt(14)) {
            case 0, 1 -> append();
            case 2, 3, 4, 5 -> acquire(leader, "m" + random.nextInt(4));
            case 6, 7, 8 -> acknowledge(leader);
            case 9, 10 -> write(leader, random.nextInt(4));
            case 11 -> {
                nowMs += random.nextInt(LOCK_MS);
                expire(leader);
            }
            case 12 -> release(leader, "m" + random.nextInt(4));
            default -> rare();
        }
    }

    private void rare() {
        int which = random.nextInt(8);
        if (which < 3) {
            takeOver();
        } else if (which == 3 && logEnd - logStart > 5) {
            logStart += random.nextInt(5);
            leaders.forEach(leader -> leader.partition.onLogStart(logStart));
        }
    }

    private Leader anyLeader() {
        // Deposed ones go on now and then.
        return random.nextInt(5) == 0
                ? leaders.get(random.nextInt(leaders.size()))
                : leaders.getLast();
    }

    private void append() {
        long base = logEnd + (random.nextInt(6) == 0 ? random.nextInt(3) : 0);
        long last = base + random.nextInt(MAX_BATCH);
        log.add(new FetchedBatch(base, last, random.nextInt(8) != 0));
        logEnd = last + 1;
    }

    private void takeOver() {
        takeOverCount++;
        leaderEpoch++;
        SharePartition partition = new SharePartition(leaderEpoch, SETTINGS);
        PersistedState state = shard.read(leaderEpoch);
        partition.restore(state, state.startOffset() < 0 ? logStart : state.startOffset());
        partition.onLogStart(logStart);
        leaders.add(new Leader(partition));
        if (leaders.size() > 3) {
            leaders.removeFirst();
        }
    }

    private void acquire(Leader leader, String member) {
        SharePartition partition = leader.partition;
        boolean isStrict = random.nextBoolean();
        int most = 1 + random.nextInt(10);
        long offset = partition.nextFetchOffset();
        List<FetchedBatch> read = new ArrayList<>();
        for (FetchedBatch batch : log) {
            if (batch.lastOffset() >= offset && batch.lastOffset() >= logStart) {
                read.add(batch);
            }
        }
        AcquireLimits limits = new AcquireLimits(most, 1 + random.nextInt(5), isStrict);
        List<AcquiredRange> acquired = partition.acquire(member, offset, read, limits, nowMs);
        long count = 0;
        for (AcquiredRange range : acquired) {
            for (long at = range.firstOffset(); at <= range.lastOffset(); at++) {
                count++;
                onDelivered(leader, member, at, range.deliveryCount());
            }
        }
        boolean anyLast =
                acquired.stream().anyMatch(range -> range.deliveryCount() == DELIVERY_LIMIT);
        require(!anyLast || count == 1, "a last delivery is not alone");
        require(!isStrict || count <= most, "more than the strict limit");
        require(count < most + MAX_BATCH, "more than the limit and a batch");
        require(
                partition.endOffset() - partition.startOffset() < MAX_LOCKS + 2 * MAX_BATCH,
                "the window is not bounded");
    }

    private void onDelivered(Leader leader, String member, long offset, int count) {
        deliveredCount++;
        redeliveredCount += deliveries.containsKey(offset) ? 1 : 0;
        require(isRecord(offset), "no record: " + offset);
        require(offset >= logStart, "gone from the log: " + offset);
        // A deposed leader may deliver again what it does not know of.
        boolean leads = leader.equals(leaders.getLast());
        require(!leads || !done.contains(offset), "done, but delivered again: " + offset);
        Held before = leader.held.put(offset, new Held(member, nowMs + LOCK_MS, false));
        require(before == null, "held twice: " + offset);
        Integer lastCount = leader.counts.put(offset, count);
        require(lastCount == null || count == lastCount + 1, "deliveries of " + offset);
        require(count <= DELIVERY_LIMIT, "delivered too often: " + offset);
        deliveries.merge(offset, 1, Integer::sum);
    }

    private boolean isRecord(long offset) {
        return log.stream()
                .anyMatch(
                        batch ->
                                batch.visible()
                                        && batch.baseOffset() <= offset
                                        && offset <= batch.lastOffset());
    }

    private void acknowledge(Leader leader) {
        List<Long> open = new ArrayList<>();
        leader.held.forEach(
                (offset, held) -> {
                    if (!held.acknowledged()) {
                        open.add(offset);
                    }
                });
        if (open.isEmpty()) {
            return;
        }
        long first = open.get(random.nextInt(open.size()));
        String member = heldBy(leader, first);
        long last = first;
        while (random.nextInt(4) != 0 && member.equals(heldBy(leader, last + 1))) {
            last++;
        }
        acknowledge(leader, member, first, last, -1);
    }

    private static String heldBy(Leader leader, long offset) {
        Held held = leader.held.get(offset);
        return held == null || held.acknowledged() ? "" : held.member();
    }

    private void acknowledge(Leader leader, String member, long first, long last, int forced) {
        List<Byte> types = new ArrayList<>();
        for (long at = first; at <= last; at++) {
            types.add((byte) (forced >= 0 ? forced : 1 + random.nextInt(4)));
        }
        Map<Long, Held> before = new HashMap<>();
        for (long at = first; at <= last; at++) {
            Held held = leader.held.get(at);
            if (held == null) {
                continue;
            }
            before.put(at, held);
            boolean renews = types.get((int) (at - first)) == 4;
            leader.held.put(
                    at, new Held(member, renews ? nowMs + LOCK_MS : held.untilMs(), !renews));
        }
        leader.partition.acknowledge(
                member,
                List.of(new AcknowledgementBatch(first, last, types)),
                nowMs,
                result -> onAcknowledged(leader, first, types, before, result));
    }

    private void onAcknowledged(
            Leader leader, long first, List<Byte> types, Map<Long, Held> before, Errors result) {
        before.forEach(
                (offset, held) -> {
                    byte type = types.get((int) (offset - first));
                    if (type == 4) {
                        return;
                    }
                    if (result == Errors.NONE) {
                        leader.held.remove(offset);
                        if (type == 1 || type == 3) {
                            done.add(offset);
                        }
                    } else {
                        leader.held.put(offset, held);
                        if (type == 1 || type == 3) {
                            mayBeDone.add(offset);
                        }
                    }
                });
        if (result == Errors.NOT_LEADER_OR_FOLLOWER) {
            leader.held.clear();
        }
    }

    /**
     * @param fate 0: the request is lost; 1: the answer is; else neither
     */
    private void write(Leader leader, int fate) {
        StateWrite next = leader.partition.nextWrite();
        if (next != null) {
            leader.underWay.add(next);
        }
        StateWrite sent = leader.underWay.poll();
        if (sent == null) {
            return;
        }
        Errors result = fate == 0 ? Errors.NETWORK_EXCEPTION : shard.write(sent);
        onTheWay.add(sent);
        if (fate == 0 && random.nextBoolean()) {
            shard.write(onTheWay.get(random.nextInt(onTheWay.size()))); // it comes late, or again
        }
        leader.partition.onWritten(fate == 1 ? Errors.NETWORK_EXCEPTION : result);
        if (leader.partition.closedBy() != null) {
            leader.held.clear();
        }
    }

    private void expire(Leader leader) {
        leader.partition.expire(nowMs);
        leader.held.values().removeIf(held -> !held.acknowledged() && held.untilMs() <= nowMs);
    }

    private void release(Leader leader, String member) {
        leader.partition.release(member);
        leader.held.values().removeIf(held -> !held.acknowledged() && held.member().equals(member));
    }

    /** Everything works again: all that is left is delivered and accepted. */
    private void drain() {
        Leader last = leaders.getLast();
        for (int i = 0; i < 10_000 && last.partition.startOffset() < logEnd; i++) {
            nowMs += LOCK_MS;
            expire(last);
            while (last.partition.hasUnwritten()) {
                write(last, 2);
            }
            acquire(last, "drain");
            for (long offset : new TreeSet<>(last.held.keySet())) {
                if (!heldBy(last, offset).isEmpty()) {
                    acknowledge(last, heldBy(last, offset), offset, offset, 1);
                }
            }
            while (last.partition.hasUnwritten()) {
                write(last, 2);
            }
        }
        require(
                last.partition.startOffset() >= logEnd,
                "no progress at " + last.partition.startOffset());
        for (long offset = logStart; offset < logEnd; offset++) {
            require(
                    !isRecord(offset)
                            || done.contains(offset)
                            || deliveries.getOrDefault(offset, 0) >= DELIVERY_LIMIT
                            || mayBeDone.contains(offset),
                    "never done: " + offset);
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
