package io.headrace.storage.sharefetch;

import io.headrace.storage.share.PersistedState;
import io.headrace.storage.share.SharePartitionKey;
import io.headrace.storage.share.StateWrite;

import org.apache.kafka.common.protocol.Errors;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Where the state of share partitions is kept: the share-state shards. Any thread. */
public interface ShareStateStore {

    /**
     * Reads a share partition's state and fences leaders of earlier epochs.
     *
     * @return completes with the answer, never exceptionally
     */
    CompletableFuture<Answer> read(SharePartitionKey key, int leaderEpoch);

    /**
     * Writes, again if need be, until the shard answers or it takes too long.
     *
     * @return completes with NONE once the change is committed; never exceptionally
     */
    CompletableFuture<Errors> write(SharePartitionKey key, StateWrite write);

    /**
     * What a read found.
     *
     * @param state empty after an error
     */
    record Answer(Errors error, PersistedState state) {
        public static Answer failed(Errors error) {
            return new Answer(error, new PersistedState(0, -1, List.of()));
        }
    }
}
