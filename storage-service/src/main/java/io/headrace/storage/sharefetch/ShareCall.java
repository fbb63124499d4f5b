package io.headrace.storage.sharefetch;

import io.headrace.storage.share.AcknowledgementBatch;
import io.headrace.storage.share.ShareSessionKey;
import io.headrace.storage.share.SharedPartition;
import io.headrace.transport.loop.Loop;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A share request that arrived.
 *
 * @param fetch what is to be fetched; null for a ShareAcknowledge
 * @param renews whether it may renew locks
 * @param named the partitions it names, each with what it acknowledges
 * @param home the loop of the client's connection
 * @param reply takes the answer, once, on any thread
 */
public record ShareCall(
        ShareSessionKey member,
        int sessionEpoch,
        @Nullable Fetching fetch,
        boolean renews,
        Map<SharedPartition, List<AcknowledgementBatch>> named,
        Caller caller,
        Loop home,
        Consumer<ShareAnswer> reply) {

    /**
     * What a ShareFetch asks for.
     *
     * @param minBytes how many bytes are worth an answer before the wait is over
     * @param strict whether maxRecords is never exceeded (KIP-1206)
     */
    public record Fetching(
            int maxWaitMs,
            int minBytes,
            int maxBytes,
            int maxRecords,
            int batchSize,
            boolean strict,
            List<SharedPartition> forgotten) {}

    /** The client that waits for the answer. Any thread. */
    public interface Caller {
        boolean isGone();

        /** Runs the task when the client leaves, unless it is taken back before. */
        void whenGone(Runnable task);

        void forget(Runnable task);
    }

    boolean hasAcknowledgements() {
        return named.values().stream().anyMatch(batches -> !batches.isEmpty());
    }
}
