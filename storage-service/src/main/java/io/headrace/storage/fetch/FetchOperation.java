package io.headrace.storage.fetch;

import io.headrace.protocol.codec.PrivateFields;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.log.CorruptRangeException;
import io.headrace.storage.log.LogSlice;
import io.headrace.storage.partition.FetchQuery;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.ReplicaSeen;
import io.headrace.storage.purgatory.ParkedFetch;
import io.headrace.storage.replication.ReplicationEvent.FollowerFetched;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * One fetch, from its first read to its answer.
 *
 * <pre>
 *   visit the loops of its partitions one after the other, reading within the byte limits
 *     enough found, an error, or no time left  --> load cold ranges on an I/O thread --> answer
 *     else  --> visit the loops again to wait; the loop that wakes it first reads its own part
 *                 enough found  --> answer, without going round the other loops
 *                 else  --> start over
 * </pre>
 *
 * <p>What other loops have by then is found by the client's next fetch, which visits all again, so
 * no partition waits for another.
 *
 * <p>It is handed from loop to loop, so only one thread has it at a time.
 */
final class FetchOperation {
    private static final Logger LOG = LoggerFactory.getLogger(FetchOperation.class);

    private final FetchService service;
    private final FetchService.Call call;
    private final FetchSessions.Opened opened;
    private final Loop sessionLoop;
    private final List<FetchEntry> entries;
    private final FetchQuery.Bound bound;
    private final long deadlineMs;
    private final int maxBytes;
    private final boolean isReplica;
    private final boolean isLeaving;
    private List<Visit> visits = List.of();
    private long foundBytes;
    private long heldMs; // 0, or when records that are held back may be sent
    private boolean reported;
    private boolean retried;
    private volatile boolean hurried;

    /** The entries whose partitions one loop owns. */
    private record Visit(Loop loop, List<FetchEntry> entries) {}

    FetchOperation(
            FetchService service,
            FetchService.Call call,
            FetchSessions.Opened opened,
            Loop sessionLoop) {
        this.service = service;
        this.call = call;
        this.opened = opened;
        this.sessionLoop = sessionLoop;
        this.entries = new ArrayList<>(opened.targets().size());
        for (FetchTarget target : opened.targets()) {
            entries.add(new FetchEntry(target));
        }
        this.isReplica = call.replicaId() >= 0;
        this.isLeaving =
                isReplica && PrivateFields.getInt(call.request(), PrivateFields.LEAVING, 0) != 0;
        this.bound =
                isReplica
                        ? FetchQuery.Bound.LOG_END
                        : call.request().isolationLevel() == 1
                                ? FetchQuery.Bound.READ_COMMITTED
                                : FetchQuery.Bound.READ_UNCOMMITTED;
        this.deadlineMs = service.nowMs() + Math.max(0, call.request().maxWaitMs());
        int asked = call.request().maxBytes();
        int wanted = Math.min(asked, Math.max(call.answerBytes(), call.request().minBytes()));
        this.maxBytes = Math.clamp(wanted, 0, service.maxResponseBytes());
    }

    void start() {
        foundBytes = 0;
        heldMs = 0;
        visits = resolve();
        visit(0, this::readHere, this::onRead);
    }

    // Reading.

    private List<Visit> resolve() {
        MetadataImage image = service.image();
        Map<Loop, Visit> byLoop = new LinkedHashMap<>();
        for (FetchEntry entry : entries) {
            Partition partition = find(image, entry);
            if (partition != null) {
                entry.assign(partition);
                byLoop.computeIfAbsent(partition.loop(), loop -> new Visit(loop, new ArrayList<>()))
                        .entries()
                        .add(entry);
            }
        }
        return new ArrayList<>(byLoop.values());
    }

    private @Nullable Partition find(MetadataImage image, FetchEntry entry) {
        FetchTarget.Key key = entry.target().key();
        boolean byId = call.usesTopicIds();
        TopicImage topic = byId ? image.topic(key.topicId()) : image.topic(key.topic());
        if (topic == null) {
            entry.refuse(byId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION);
            return null;
        }
        if (topic.partition(key.partition()) == null) {
            entry.refuse(Errors.UNKNOWN_TOPIC_OR_PARTITION);
            return null;
        }
        Partition partition = service.partitions().find(topic.topicId(), key.partition());
        if (partition == null) {
            entry.refuse(Errors.NOT_LEADER_OR_FOLLOWER);
        }
        return partition;
    }

    /** Runs a step on each loop in turn, then goes on where the last one ran. */
    private void visit(int index, Consumer<Visit> step, Runnable then) {
        if (index == visits.size()) {
            then.run();
            return;
        }
        Visit visit = visits.get(index);
        visit.loop()
                .run(
                        () -> {
                            step.accept(visit);
                            visit(index + 1, step, then);
                        });
    }

    /** The nodes in the reader's rack, if this one is in another. */
    private List<Integer> closerNodes() {
        String rack = call.request().rackId();
        if (isReplica || rack.isEmpty() || !readsFollowers()) {
            return List.of();
        }
        List<Integer> closer = new ArrayList<>(1);
        for (NodeImage node : service.image().nodes().values()) {
            if (rack.equals(node.rack()) && node.nodeId() == service.nodeId()) {
                return List.of();
            }
            if (rack.equals(node.rack()) && !node.fenced()) {
                closer.add(node.nodeId());
            }
        }
        return closer;
    }

    private void readHere(Visit visit) {
        List<Integer> closer = closerNodes();
        for (FetchEntry entry : visit.entries()) {
            Partition partition = entry.partition();
            if (partition == null) {
                continue;
            }
            if (isReplica && !reported) {
                report(entry.target(), partition);
            }
            int room = holds(entry, partition) ? 0 : (int) Math.max(0, maxBytes - foundBytes);
            boolean atLeastOne = foundBytes == 0 && room > 0;
            foundBytes +=
                    entry.readOn(partition, room, atLeastOne, bound, readsFollowers(), closer);
        }
    }

    /** Whether a replica gets no records of the partition yet; it is told all else (KIP-73). */
    private boolean holds(FetchEntry entry, Partition partition) {
        LeaderThrottle throttle = service.leaderThrottle();
        boolean throttled =
                isReplica
                        && throttle.names(partition.id())
                        && !partition.reader().mayBeInSync(call.replicaId());
        entry.throttled(throttled);
        long waitMs = throttled ? throttle.waitMs() : 0;
        heldMs = Math.max(heldMs, waitMs);
        return waitMs > 0;
    }

    /** Consumers that can be told of another replica may read from a follower (KIP-392). */
    private boolean readsFollowers() {
        return !isReplica && call.usesTopicIds();
    }

    /** A replica whose log parts from the leader's holds nothing that counts. */
    private void report(FetchTarget target, Partition partition) {
        if (!partition.reader().hasSameHistory(target.lastFetchedEpoch(), target.fetchOffset())) {
            return;
        }
        partition.onFollowerFetch(
                new FollowerFetched(
                        call.replicaId(),
                        call.replicaEpoch(),
                        target.currentLeaderEpoch(),
                        target.fetchOffset(),
                        target.flushedOffset(),
                        target.heardCheck(),
                        mayEnter(),
                        service.nowMs()));
    }

    /** Whether the controller would take the replica into an in-sync set, as far as is known. */
    private boolean mayEnter() {
        return !isLeaving && service.image().isActive(call.replicaId(), call.replicaEpoch());
    }

    private void onRead() {
        reported = true;
        if (entries.isEmpty() || hasEnough() || mustAnswer() || anyToTell()) {
            loadCold();
        } else {
            park();
        }
    }

    private boolean hasEnough() {
        return foundBytes >= Math.max(0, call.request().minBytes());
    }

    /** Whether it is answered with whatever there is. */
    private boolean mustAnswer() {
        return hurried || service.nowMs() >= deadlineMs || call.gone().getAsBoolean();
    }

    /** A newer fetch on the session came: answers with what there is. Any thread. */
    void hurry() {
        hurried = true;
        Parking parking = current;
        if (parking != null) {
            parking.parked().wake();
        }
    }

    private boolean anyToTell() {
        for (FetchEntry entry : entries) {
            if (entry.result().error() != Errors.NONE
                    || entry.result().divergingEpoch() != null
                    || entry.result().preferredReplica() >= 0) {
                return true;
            }
            ReplicaSeen seen = entry.replicaSeen();
            if (seen != null
                    && opened.session() != null
                    && entry.target().isBehind(seen.highWatermark(), seen.leaderCheck())) {
                return true;
            }
        }
        return false;
    }

    // Waiting.

    private void park() {
        for (FetchEntry entry : entries) {
            entry.release();
        }
        long missing = Math.max(1, call.request().minBytes() - foundBytes);
        ParkedFetch parked = new ParkedFetch(missing, this::onWoken);
        long leftMs = Math.max(1, deadlineMs - service.nowMs());
        long waitMs = heldMs > 0 ? Math.min(heldMs, leftMs) : leftMs;
        Loop.ScheduledTask timer = call.home().schedule(parked::wake, waitMs);
        current = new Parking(parked, timer);
        call.onGone().accept(parked::wake);
        if (call.gone().getAsBoolean() || hurried) {
            parked.wake();
            return;
        }
        for (Visit visit : visits) {
            visit.loop().run(() -> parkHere(visit, parked));
        }
    }

    private record Parking(ParkedFetch parked, Loop.ScheduledTask timer) {}

    private volatile @Nullable Parking current;

    private void parkHere(Visit visit, ParkedFetch parked) {
        for (FetchEntry entry : visit.entries()) {
            Partition partition = entry.partition();
            if (parked.isWoken()) {
                return; // another loop was quicker
            }
            if (partition != null && !park(partition, parked, entry)) {
                parked.wake();
                return;
            }
        }
    }

    private boolean park(Partition partition, ParkedFetch parked, FetchEntry entry) {
        ReplicaSeen seen = entry.replicaSeen();
        return seen == null
                ? partition.reader().park(parked, bound, entry.boundSeen())
                : partition.reader().parkReplica(parked, seen);
    }

    private void onWoken() {
        Parking parking = current;
        if (parking != null) {
            parking.timer().cancel();
        }
        Visit grown = mustAnswer() ? null : visitHere();
        if (grown == null) {
            unpark(visits, parking);
            sessionLoop.execute(this::start);
        } else {
            // Queued, so that what else grows by what this loop is doing now comes along.
            grown.loop().execute(() -> readGrown(grown, parking));
        }
    }

    private @Nullable Visit visitHere() {
        for (Visit visit : visits) {
            if (visit.loop().inLoop()) {
                return visit;
            }
        }
        return null;
    }

    private void readGrown(Visit grown, @Nullable Parking parking) {
        List<Visit> parkedOn = visits;
        foundBytes = 0;
        heldMs = 0;
        readHere(grown);
        if (hasEnough() || anyToTell()) {
            loadCold();
        } else {
            sessionLoop.execute(this::start);
        }
        unpark(parkedOn, parking);
    }

    private void unpark(List<Visit> parkedOn, @Nullable Parking parking) {
        if (parking != null) {
            for (Visit visit : parkedOn) {
                // Queued, so that it comes after parking on that loop.
                visit.loop().execute(() -> unparkHere(visit, parking.parked()));
            }
        }
    }

    private static void unparkHere(Visit visit, ParkedFetch parked) {
        for (FetchEntry entry : visit.entries()) {
            Partition partition = entry.partition();
            if (partition != null) {
                partition.reader().unpark(parked);
            }
        }
    }

    // Cold ranges.

    private void loadCold() {
        long bytes = 0;
        for (FetchEntry entry : entries) {
            bytes += entry.isCold() ? entry.reservedBytes() : 0;
        }
        if (bytes == 0) {
            sessionLoop.run(() -> answer(0));
            return;
        }
        long reserved = bytes;
        service.coldReads().submit(reserved, () -> loadHere(reserved));
    }

    private void loadHere(long reserved) {
        for (FetchEntry entry : entries) {
            if (entry.result().slice() instanceof LogSlice.Cold cold) {
                service.metrics().onColdRead();
                try {
                    entry.verify(cold);
                } catch (CorruptRangeException e) {
                    onDamaged(entry, e);
                } catch (IOException | RuntimeException e) {
                    LOG.error("Cannot read {}", entry.target().key(), e);
                    entry.dropRecords(Errors.KAFKA_STORAGE_ERROR);
                }
            }
        }
        awaitRepairs(reserved);
    }

    // Damaged ranges.

    private void onDamaged(FetchEntry entry, CorruptRangeException damage) {
        Partition partition = entry.partition();
        LOG.warn("Damaged records at offset {}: {}", damage.fromOffset(), damage.getMessage());
        if (partition == null) {
            entry.dropRecords(Errors.CORRUPT_MESSAGE);
        } else {
            entry.onDamaged(service.repairer().repair(partition.id(), damage.fromOffset()));
        }
    }

    /** Waits within the fetch's time for repairs if there is nothing else to answer. */
    private void awaitRepairs(long reserved) {
        CompletableFuture<?>[] repairs =
                entries.stream()
                        .map(FetchEntry::repair)
                        .filter(Objects::nonNull)
                        .toArray(CompletableFuture[]::new);
        CompletableFuture<Void> all = CompletableFuture.allOf(repairs);
        long waitMs = deadlineMs - service.nowMs();
        boolean waits = repairs.length > 0 && !retried && entries.stream().noneMatch(this::isFound);
        if (!waits || (waitMs <= 0 && !all.isDone())) {
            afterRepairs(reserved, false);
            return;
        }
        CompletableFuture<Boolean> first = new CompletableFuture<>();
        Loop.ScheduledTask timer =
                call.home().schedule(() -> first.complete(false), Math.max(1, waitMs));
        all.whenComplete((done, failure) -> first.complete(failure == null));
        first.thenAccept(
                done -> {
                    timer.cancel();
                    afterRepairs(reserved, done);
                });
    }

    private boolean isFound(FetchEntry entry) {
        return entry.repair() == null && entry.hasRecords();
    }

    /** What is whole again is read again; of the rest the reader is told what it may do. */
    private void afterRepairs(long reserved, boolean repairsEnded) {
        boolean again = repairsEnded && !retried && entries.stream().anyMatch(FetchEntry::isWhole);
        if (again) {
            retried = true;
            service.coldReads().release(reserved);
            sessionLoop.execute(this::start);
            return;
        }
        entries.forEach(FetchEntry::dropDamaged);
        visit(0, this::recheckHere, () -> sessionLoop.run(() -> answer(reserved)));
    }

    /** What was read is only sent if the log was not truncated meanwhile. */
    private void recheckHere(Visit visit) {
        for (FetchEntry entry : visit.entries()) {
            Partition partition = entry.partition();
            if (partition == null || !(entry.result().slice() instanceof LogSlice.Cold cold)) {
                continue;
            }
            Errors error =
                    readsFollowers() ? partition.checkReadable(-1) : partition.checkLeader(-1);
            if (error != Errors.NONE) {
                entry.dropRecords(error);
            } else if (!partition.log().isCurrent(cold)) {
                entry.dropRecords(Errors.NONE);
            }
        }
    }

    // The answer.

    private void answer(long reserved) {
        ColdRelease release = new ColdRelease(service.coldReads(), reserved);
        FetchResponseData response = FetchAnswer.of(service, opened, entries, release);
        release.seal();
        FetchSession session = opened.session();
        if (session != null) {
            session.onAnswered(this);
        }
        call.reply().accept(response);
    }
}
