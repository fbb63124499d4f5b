package io.headrace.storage.share;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashSet;
import java.util.Set;

/** A share session (KIP-932): what one member fetches here, and the number of its next request. */
public final class ShareSession {
    private final ShareSessionKey key;
    private final Set<SharedPartition> partitions = new LinkedHashSet<>();
    private int nextEpoch = 1;
    private @Nullable Runnable whenGone;

    ShareSession(ShareSessionKey key) {
        this.key = key;
    }

    public ShareSessionKey key() {
        return key;
    }

    Set<SharedPartition> partitions() {
        return partitions;
    }

    int nextEpoch() {
        return nextEpoch;
    }

    void advance() {
        nextEpoch = nextEpoch == Integer.MAX_VALUE ? 1 : nextEpoch + 1;
    }

    /** What runs when the client leaves, to be taken back when the session ends before. */
    public void onGone(Runnable task) {
        whenGone = task;
    }

    public @Nullable Runnable whenGone() {
        return whenGone;
    }
}
