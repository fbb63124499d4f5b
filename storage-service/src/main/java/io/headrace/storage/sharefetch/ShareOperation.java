package io.headrace.storage.sharefetch;

import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.storage.fetch.ColdRelease;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.purgatory.ParkedFetch;
import io.headrace.storage.repair.RepairOutcome;
import io.headrace.storage.share.AcknowledgementBatch;
import io.headrace.storage.share.ShareSessions;
import io.headrace.storage.share.SharedPartition;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * One share request, from its acknowledgements to its answer.
 *
 * <pre>
 *   visit the loops of its partitions: take acknowledgements (their writes begin), end the session
 *     if it is the last request; a ShareFetch goes on:
 *   visit the loops: read and acquire within the limits; ranges on disk on an I/O thread, then again
 *     something acquired, an error, or no time left  --> answer, once the acknowledgements are written
 *     nothing but damage  --> wait for its repair, then read again once
 *     else  --> visit the loops to wait; whoever wakes it first starts the reading over
 * </pre>
 *
 * <p>It is handed from loop to loop, so only one thread has it at a time.
 */
final class ShareOperation {
    private final ShareService service;
    private final ShareCall call;
    private final Loop sessionLoop;
    private final boolean endsSession;
    private final boolean isFetch;
    private final List<ShareEntry> entries = new ArrayList<>();
    private final List<Visit> visits = new ArrayList<>();
    private final long deadlineMs;
    private final ShareReading reading;

    /** The acknowledgements under way, and one for the rest of the request. */
    private final AtomicInteger underWay = new AtomicInteger(1);

    private final Runnable whenGone = this::onClientGone;
    private volatile @Nullable Parking current;
    private boolean watchesClient;

    /** Whether it has read again what was damaged. */
    private boolean retried;

    /** The entries whose partitions one loop owns. */
    private record Visit(Loop loop, List<ShareEntry> entries) {}

    private record Parking(ParkedFetch parked, Loop.ScheduledTask timer) {}

    ShareOperation(
            ShareService service,
            ShareCall call,
            List<SharedPartition> ofSession,
            boolean endsSession,
            Loop sessionLoop) {
        this.service = service;
        this.call = call;
        this.endsSession = endsSession;
        this.sessionLoop = sessionLoop;
        ShareCall.Fetching fetch = call.fetch();
        this.isFetch = fetch != null && !endsSession && !call.renews();
        this.deadlineMs = service.nowMs() + (fetch == null ? 0 : Math.max(0, fetch.maxWaitMs()));
        this.reading = new ShareReading(service, call);
        Map<SharedPartition, List<AcknowledgementBatch>> named = call.named();
        for (SharedPartition id : ShareService.rotated(ofSession, call.sessionEpoch())) {
            List<AcknowledgementBatch> acknowledged = named.getOrDefault(id, List.of());
            entries.add(new ShareEntry(id, acknowledged, isFetch, named.containsKey(id)));
        }
        Set<SharedPartition> known = Set.copyOf(ofSession);
        named.forEach(
                (id, acknowledged) -> {
                    if (!known.contains(id)) {
                        entries.add(new ShareEntry(id, acknowledged, false, true));
                    }
                });
    }

    void start() {
        resolve();
        visit(0, this::acknowledgeHere, isFetch ? this::read : this::finish);
    }

    private void resolve() {
        Map<Loop, Visit> byLoop = new LinkedHashMap<>();
        for (ShareEntry entry : entries) {
            Partition partition = find(entry);
            if (partition != null) {
                entry.partition = partition;
                byLoop.computeIfAbsent(partition.loop(), loop -> new Visit(loop, new ArrayList<>()))
                        .entries()
                        .add(entry);
            }
        }
        visits.addAll(byLoop.values());
    }

    private @Nullable Partition find(ShareEntry entry) {
        TopicImage topic = service.image().topic(entry.id.topicId());
        if (topic == null) {
            entry.refuse(Errors.UNKNOWN_TOPIC_ID);
            return null;
        }
        if (topic.partition(entry.id.partition()) == null) {
            entry.refuse(Errors.UNKNOWN_TOPIC_OR_PARTITION);
            return null;
        }
        Partition partition = service.find(entry.id);
        if (partition == null) {
            entry.refuse(Errors.NOT_LEADER_OR_FOLLOWER);
            var image = topic.partition(entry.id.partition());
            entry.leaderId = image == null ? -1 : image.leaderId();
            entry.leaderEpoch = image == null ? -1 : image.leaderEpoch();
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

    private static boolean isServed(ShareEntry entry, Partition partition) {
        Errors error = partition.checkLeader(-1);
        if (error != Errors.NONE) {
            entry.error = error;
            entry.leaderId = partition.knownLeaderId();
            entry.leaderEpoch = partition.knownLeaderEpoch();
        }
        return error == Errors.NONE;
    }

    // Acknowledgements.

    private void acknowledgeHere(Visit visit) {
        for (ShareEntry entry : visit.entries()) {
            if (!entry.acknowledgements.isEmpty()) {
                acknowledge(entry, visit.loop());
            }
            if (endsSession) {
                service.on(visit.loop())
                        .leave(entry.id.of(call.member().groupId()), call.member().memberId());
            }
        }
    }

    private void acknowledge(ShareEntry entry, Loop loop) {
        Errors error = AcknowledgementBatch.check(entry.acknowledgements, call.renews());
        Partition partition = entry.partition;
        if (error != Errors.NONE || partition == null) {
            entry.acknowledgeError = error;
            return;
        }
        LiveSharePartition live =
                service.on(loop).find(entry.id.of(call.member().groupId()), partition);
        if (!isServed(entry, partition)) {
            entry.acknowledgeError = entry.error;
        } else if (live == null) {
            entry.acknowledgeError = Errors.INVALID_RECORD_STATE; // nobody holds anything here
        } else {
            underWay.incrementAndGet();
            live.state()
                    .acknowledge(
                            call.member().memberId(),
                            entry.acknowledgements,
                            service.nowMs(),
                            result -> {
                                entry.acknowledgeError = result;
                                complete();
                            });
            live.onAcknowledged();
        }
    }

    // Reading.

    private void read() {
        if (call.caller().isGone()) {
            // Nobody is there to be given anything: those that wait may have it.
            visit(0, visit -> eachLive(visit, LiveSharePartition::wakeNext), this::finish);
            return;
        }
        reading.begin();
        entries.forEach(entry -> entry.repair = null);
        if (reading.isToMeasure() && hasTime()) {
            visit(0, this::measureHere, this::onMeasured);
        } else {
            visit(0, this::readHere, this::onRead);
        }
    }

    private boolean hasTime() {
        return service.nowMs() < deadlineMs && !call.caller().isGone();
    }

    private void measureHere(Visit visit) {
        for (ShareEntry entry : visit.entries()) {
            LiveSharePartition live = use(entry, visit.loop());
            if (live != null) {
                reading.measure(entry, live.partition(), live);
                live.wakeNext();
            }
        }
    }

    private void onMeasured() {
        if (reading.hasEnough() || entries.stream().anyMatch(ShareEntry::hasNews)) {
            reading.begin();
            visit(0, this::readHere, this::onRead);
        } else {
            park();
        }
    }

    private void readHere(Visit visit) {
        for (ShareEntry entry : visit.entries()) {
            LiveSharePartition live = use(entry, visit.loop());
            if (live != null) {
                reading.read(entry, live.partition(), live);
                live.wakeNext();
            }
        }
    }

    /** The share partition if it is to be fetched and served here. */
    private @Nullable LiveSharePartition use(ShareEntry entry, Loop loop) {
        Partition partition = entry.partition;
        if (partition == null
                || !entry.fetches
                || entry.error != Errors.NONE
                || !isServed(entry, partition)) {
            return null;
        }
        LiveSharePartition live =
                service.on(loop).use(entry.id.of(call.member().groupId()), partition);
        entry.live = live;
        live.addMember(call.member().memberId());
        return live;
    }

    private static void eachLive(Visit visit, Consumer<LiveSharePartition> step) {
        for (ShareEntry entry : visit.entries()) {
            LiveSharePartition live = entry.live;
            if (live != null) {
                step.accept(live);
            }
        }
    }

    private void onRead() {
        long cold = reading.coldBytes(entries);
        if (cold == 0) {
            onAcquired();
        } else {
            service.coldReads()
                    .submit(
                            cold,
                            () -> {
                                reading.load(entries);
                                visit(0, this::acquireLoadedHere, () -> onLoaded(cold));
                            });
        }
    }

    private void acquireLoadedHere(Visit visit) {
        for (ShareEntry entry : visit.entries()) {
            LiveSharePartition live = entry.live;
            Partition partition = entry.partition;
            if (live != null && partition != null && entry.cold != null) {
                boolean isValid = isServed(entry, partition) && !live.isStale();
                reading.acquireLoaded(entry, partition, live, isValid);
            }
        }
    }

    private void onLoaded(long reserved) {
        boolean any = entries.stream().anyMatch(entry -> entry.loaded != null);
        if (any) {
            reading.keep(reserved);
        } else {
            service.coldReads().release(reserved);
        }
        List<CompletableFuture<RepairOutcome>> repairs = new ArrayList<>();
        for (ShareEntry entry : entries) {
            CompletableFuture<RepairOutcome> repair = entry.repair;
            if (repair != null) {
                repairs.add(repair);
            }
        }
        if (repairs.isEmpty()) {
            onAcquired();
        } else {
            awaitRepairs(CompletableFuture.allOf(repairs.toArray(CompletableFuture[]::new)));
        }
    }

    /** Waits within its time for what is damaged to be repaired, if it has nothing else. */
    private void awaitRepairs(CompletableFuture<Void> all) {
        if (retried || !hasTime() || entries.stream().anyMatch(ShareEntry::hasNews)) {
            afterRepairs();
            return;
        }
        CompletableFuture<Boolean> first = new CompletableFuture<>();
        long waitMs = Math.max(1, deadlineMs - service.nowMs());
        Loop.ScheduledTask timer = call.home().schedule(() -> first.complete(false), waitMs);
        all.whenComplete((done, failure) -> first.complete(true));
        first.thenAccept(
                ended -> {
                    timer.cancel();
                    sessionLoop.execute(this::afterRepairs);
                });
    }

    /** What is whole again is read again; of the rest the member is told what it may do. */
    private void afterRepairs() {
        boolean hasNews = entries.stream().anyMatch(ShareEntry::hasNews);
        if (!hasNews && !retried && entries.stream().anyMatch(ShareEntry::isWhole)) {
            retried = true;
            read();
        } else {
            entries.forEach(ShareEntry::tellOfDamage);
            finish();
        }
    }

    private void onAcquired() {
        boolean hasNews = entries.isEmpty() || entries.stream().anyMatch(ShareEntry::hasNews);
        if (hasNews || !hasTime()) {
            finish();
        } else {
            park();
        }
    }

    // Waiting.

    private void onClientGone() {
        Parking parking = current;
        if (parking != null) {
            parking.parked().wake();
        }
    }

    private void park() {
        ParkedFetch parked = new ParkedFetch(1, this::onWoken);
        long waitMs = Math.max(1, deadlineMs - service.nowMs());
        Loop.ScheduledTask timer = call.home().schedule(parked::wake, waitMs);
        current = new Parking(parked, timer);
        if (!watchesClient) {
            watchesClient = true;
            call.caller().whenGone(whenGone);
        }
        if (reading.canTake()) {
            for (Visit visit : visits) {
                visit.loop().run(() -> parkHere(visit, parked));
            }
        }
    }

    private static void parkHere(Visit visit, ParkedFetch parked) {
        for (ShareEntry entry : visit.entries()) {
            LiveSharePartition live = entry.live;
            if (parked.isWoken()) {
                return; // another loop was quicker
            }
            if (live != null
                    && entry.fetches
                    && !live.park(parked, entry.changesSeen, entry.boundSeen)) {
                parked.wake();
                return;
            }
        }
    }

    private void onWoken() {
        Parking parking = current;
        if (parking != null) {
            parking.timer().cancel();
            for (Visit visit : visits) {
                // Queued, so that it comes after parking on that loop.
                visit.loop().execute(() -> eachLive(visit, live -> live.unpark(parking.parked())));
            }
        }
        sessionLoop.execute(this::read);
    }

    // The answer.

    private void finish() {
        complete();
    }

    /** One of the acknowledgements, or the rest, is done: the last of them answers. */
    private void complete() {
        if (underWay.decrementAndGet() == 0) {
            sessionLoop.run(this::answer);
        }
    }

    private void answer() {
        call.caller().forget(whenGone);
        ColdRelease release = reading.release();
        boolean isGone = call.caller().isGone();
        List<ShareAnswer.OfPartition> answers = new ArrayList<>();
        for (ShareEntry entry : entries) {
            RecordsField records = entry.takeRecords(release);
            if (entry.fetches) {
                service.metrics().onFetched(records.sizeInBytes(), entry.error != Errors.NONE);
            }
            LiveSharePartition live = entry.live;
            if (isGone && live != null && !entry.acquired.isEmpty()) {
                service.takeBack(live, call.member().memberId(), entry.acquired);
            }
            if (isTold(entry)) {
                answers.add(
                        new ShareAnswer.OfPartition(
                                entry.id,
                                entry.error,
                                entry.acknowledgeError,
                                entry.leaderId,
                                entry.leaderEpoch,
                                records,
                                entry.acquired));
            }
        }
        release.seal();
        int lockMs = service.settings(call.member().groupId()).lockMs();
        call.reply().accept(new ShareAnswer(Errors.NONE, lockMs, answers));
    }

    private boolean isTold(ShareEntry entry) {
        boolean isFirst = isFetch && call.sessionEpoch() == ShareSessions.INITIAL_EPOCH;
        return isFirst || entry.isTold(isFetch, call.fetch() == null);
    }
}
