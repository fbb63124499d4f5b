package io.headrace.storage.sharefetch;

import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.fetch.ColdReads;
import io.headrace.storage.metrics.DataMetrics;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.Partitions;
import io.headrace.storage.repair.LogRepairer;
import io.headrace.storage.share.AcquiredRange;
import io.headrace.storage.share.ShareSession;
import io.headrace.storage.share.ShareSessions;
import io.headrace.storage.share.ShareSettings;
import io.headrace.storage.share.SharedPartition;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** Answers ShareFetch and ShareAcknowledge (any thread). */
public final class ShareService {
    /** As Kafka's {@code group.share.max.share.sessions}. */
    private static final int MAX_SESSIONS = 2_000;

    private static final int MAX_SESSION_PARTITIONS = 200_000;

    private final Partitions partitions;
    private final Supplier<MetadataImage> image;
    private final ColdReads coldReads;
    private final LogRepairer repairer;
    private final DataMetrics metrics;
    private final LongSupplier clockMs;
    private final int maxResponseBytes;
    private final ShareLoop[] loops;
    private final Map<Loop, ShareLoop> byLoop = new HashMap<>();

    public ShareService(
            Loops group,
            Partitions partitions,
            Supplier<MetadataImage> image,
            ShareStateStore store,
            ColdReads coldReads,
            LogRepairer repairer,
            DataMetrics metrics,
            LongSupplier clockMs,
            int maxResponseBytes) {
        this.partitions = partitions;
        this.image = image;
        this.coldReads = coldReads;
        this.repairer = repairer;
        this.metrics = metrics;
        this.clockMs = clockMs;
        this.maxResponseBytes = maxResponseBytes;
        this.loops = new ShareLoop[group.size()];
        for (int i = 0; i < loops.length; i++) {
            ShareSessions sessions =
                    new ShareSessions(
                            Math.max(1, MAX_SESSIONS / loops.length),
                            MAX_SESSION_PARTITIONS / loops.length);
            loops[i] = new ShareLoop(group.at(i), sessions, store, this::settings, clockMs);
            byLoop.put(group.at(i), loops[i]);
        }
    }

    /** The settings of a group, as configured now. */
    ShareSettings settings(String groupId) {
        return ShareSettings.of(
                image.get().configsOf(new ConfigResourceKey(ConfigResourceKey.GROUP, groupId)));
    }

    /** Answers, at once or after the wait that was asked for. */
    public void handle(ShareCall call) {
        ShareLoop owner = loops[Math.floorMod(call.member().hashCode(), loops.length)];
        owner.loop().run(() -> open(call, owner));
    }

    private void open(ShareCall call, ShareLoop owner) {
        ShareCall.Fetching fetch = call.fetch();
        ShareSessions.Opened opened =
                fetch == null
                        ? owner.sessions().acknowledge(call.member(), call.sessionEpoch())
                        : owner.sessions()
                                .fetch(
                                        call.member(),
                                        call.sessionEpoch(),
                                        call.named().keySet(),
                                        fetch.forgotten(),
                                        call.hasAcknowledgements());
        ShareSessions.Ended ended = opened.ended();
        ShareSession session = opened.session();
        boolean endsOwn = ended != null && ended.session() == session;
        if (ended != null) {
            forget(ended.session(), call.caller());
            if (!endsOwn) {
                release(ended);
            }
        }
        if (opened.error() != Errors.NONE || session == null) {
            call.reply().accept(ShareAnswer.failed(opened.error()));
            return;
        }
        if (call.sessionEpoch() == ShareSessions.INITIAL_EPOCH) {
            endWithClient(session, owner, call.caller());
        }
        new ShareOperation(this, call, opened.partitions(), endsOwn, owner.loop()).start();
    }

    /** A client that is gone without a word holds nothing: its session ends. */
    private void endWithClient(ShareSession session, ShareLoop owner, ShareCall.Caller caller) {
        Runnable whenGone = () -> owner.loop().execute(() -> end(session, owner));
        session.onGone(whenGone);
        caller.whenGone(whenGone);
    }

    private void end(ShareSession session, ShareLoop owner) {
        ShareSessions.Ended ended = owner.sessions().endIfCurrent(session);
        if (ended != null) {
            release(ended);
        }
    }

    private static void forget(ShareSession session, ShareCall.Caller caller) {
        Runnable whenGone = session.whenGone();
        if (whenGone != null) {
            caller.forget(whenGone);
        }
    }

    private void release(ShareSessions.Ended ended) {
        for (SharedPartition id : ended.partitions()) {
            release(id, ended.session().key().groupId(), ended.session().key().memberId());
        }
    }

    /** A member was given records that did not reach it. */
    void takeBack(LiveSharePartition live, String memberId, List<AcquiredRange> acquired) {
        live.partition().loop().run(() -> live.takeBack(memberId, acquired));
    }

    /** A member has no session any more: others may have what it holds of a partition. */
    private void release(SharedPartition id, String groupId, String memberId) {
        Partition partition = partitions.find(id.topicId(), id.partition());
        if (partition != null) {
            // At once where possible: before anything is acquired in the member's next session.
            partition.loop().run(() -> on(partition.loop()).leave(id.of(groupId), memberId));
        }
    }

    ShareLoop on(Loop loop) {
        ShareLoop found = byLoop.get(loop);
        if (found == null) {
            throw new IllegalStateException("No share partitions on " + loop);
        }
        return found;
    }

    @Nullable Partition find(SharedPartition id) {
        return partitions.find(id.topicId(), id.partition());
    }

    MetadataImage image() {
        return image.get();
    }

    ColdReads coldReads() {
        return coldReads;
    }

    LogRepairer repairer() {
        return repairer;
    }

    DataMetrics metrics() {
        return metrics;
    }

    long nowMs() {
        return clockMs.getAsLong();
    }

    int maxResponseBytes() {
        return maxResponseBytes;
    }

    /** The partitions of a request in an order that lets each be first in its turn. */
    static List<SharedPartition> rotated(List<SharedPartition> all, int turn) {
        if (all.size() < 2) {
            return all;
        }
        int first = Math.floorMod(turn, all.size());
        List<SharedPartition> order = new ArrayList<>(all.subList(first, all.size()));
        order.addAll(all.subList(0, first));
        return order;
    }
}
