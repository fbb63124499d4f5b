package io.headrace.storage.fetch;

import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.storage.metrics.DataMetrics;
import io.headrace.storage.partition.Partitions;
import io.headrace.storage.repair.LogRepairer;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.message.FetchRequestData;
import org.apache.kafka.common.message.FetchResponseData;
import org.apache.kafka.common.protocol.Errors;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/** Answers fetches of consumers and replicas (any thread). */
public final class FetchService {
    private static final int MAX_SESSIONS = 1_000;
    private static final int MAX_SESSION_PARTITIONS = 1_000_000;
    private static final long EVICT_AFTER_MS = 120_000;

    private final Loops loops;
    private final Partitions partitions;
    private final Supplier<MetadataImage> image;
    private final ColdReads coldReads;
    private final LogRepairer repairer;
    private final DataMetrics metrics;
    private final LongSupplier clockMs;
    private final int maxResponseBytes;
    private final LeaderThrottle leaderThrottle;
    private final FetchSessions[] sessions;

    public FetchService(
            Loops loops,
            Partitions partitions,
            Supplier<MetadataImage> image,
            ColdReads coldReads,
            LogRepairer repairer,
            DataMetrics metrics,
            LongSupplier clockMs,
            int maxResponseBytes,
            RandomGenerator.SplittableGenerator random) {
        this.loops = loops;
        this.partitions = partitions;
        this.image = image;
        this.coldReads = coldReads;
        this.repairer = repairer;
        this.metrics = metrics;
        this.clockMs = clockMs;
        this.maxResponseBytes = maxResponseBytes;
        this.leaderThrottle = new LeaderThrottle(partitions.nodeId(), image, System::nanoTime);
        this.sessions = new FetchSessions[loops.size()];
        for (int i = 0; i < sessions.length; i++) {
            sessions[i] =
                    new FetchSessions(
                            i,
                            sessions.length,
                            Math.max(1, MAX_SESSIONS / sessions.length),
                            MAX_SESSION_PARTITIONS / sessions.length,
                            EVICT_AFTER_MS,
                            random.split());
        }
    }

    /**
     * A fetch that arrived.
     *
     * @param replicaId the fetching node, or -1 for a consumer
     * @param answerBytes what an answer is best kept to; {@code fetch.min.bytes} goes before it
     * @param home the loop of the client's connection
     * @param gone whether nobody waits for the answer any more
     * @param onGone registers what to do when the client leaves
     * @param reply takes the answer, once, on any thread
     */
    public record Call(
            FetchRequestData request,
            boolean usesTopicIds,
            int replicaId,
            long replicaEpoch,
            int answerBytes,
            Loop home,
            BooleanSupplier gone,
            Consumer<Runnable> onGone,
            Consumer<FetchResponseData> reply) {}

    /** Answers, at once or after the wait that was asked for. Called on the home loop. */
    public void fetch(Call call) {
        int owner = sessionLoop(call);
        loops.at(owner).run(() -> open(call, owner));
    }

    /** The loop that owns the named session; any will do for a new one: the connection's own. */
    private int sessionLoop(Call call) {
        int named = call.request().sessionId();
        if (named > 0) {
            return FetchSessions.loopOf(named, loops.size());
        }
        for (int i = 0; i < loops.size(); i++) {
            if (loops.at(i).equals(call.home())) {
                return i;
            }
        }
        return 0;
    }

    private void open(Call call, int owner) {
        FetchSessions.Opened opened =
                sessions[owner].open(
                        call.request(),
                        call.usesTopicIds(),
                        call.replicaId() >= 0,
                        clockMs.getAsLong());
        if (opened.error() != Errors.NONE) {
            call.reply().accept(new FetchResponseData().setErrorCode(opened.error().code()));
            return;
        }
        FetchOperation operation = new FetchOperation(this, call, opened, loops.at(owner));
        FetchSession session = opened.session();
        if (session != null && call.replicaId() >= 0) {
            FetchOperation parked = session.replaceLatest(operation);
            if (parked != null) {
                parked.hurry();
            }
        }
        operation.start();
    }

    Partitions partitions() {
        return partitions;
    }

    MetadataImage image() {
        return image.get();
    }

    LeaderThrottle leaderThrottle() {
        return leaderThrottle;
    }

    ColdReads coldReads() {
        return coldReads;
    }

    LogRepairer repairer() {
        return repairer;
    }

    int nodeId() {
        return partitions.nodeId();
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
}
