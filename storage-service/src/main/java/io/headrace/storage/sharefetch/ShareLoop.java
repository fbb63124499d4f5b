package io.headrace.storage.sharefetch;

import io.headrace.storage.partition.Partition;
import io.headrace.storage.share.SharePartitionKey;
import io.headrace.storage.share.ShareSessions;
import io.headrace.storage.share.ShareSettings;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** The share partitions and the share sessions of one loop. Confined to it. */
final class ShareLoop {
    private static final long SWEEP_MS = 1_000;

    private final Loop loop;
    private final ShareSessions sessions;
    private final ShareStateStore store;
    private final Function<String, ShareSettings> settingsOf;
    private final LongSupplier clockMs;
    private final Map<SharePartitionKey, LiveSharePartition> live = new HashMap<>();
    private boolean sweeping;

    ShareLoop(
            Loop loop,
            ShareSessions sessions,
            ShareStateStore store,
            Function<String, ShareSettings> settingsOf,
            LongSupplier clockMs) {
        this.loop = loop;
        this.sessions = sessions;
        this.store = store;
        this.settingsOf = settingsOf;
        this.clockMs = clockMs;
    }

    Loop loop() {
        return loop;
    }

    ShareSessions sessions() {
        return sessions;
    }

    /** The share partition if it is in use and valid. */
    @Nullable LiveSharePartition find(SharePartitionKey key, Partition partition) {
        LiveSharePartition known = live.get(key);
        if (known == null) {
            return null;
        }
        if (known.partition() != partition || known.isStale()) {
            live.remove(key);
            known.close(Errors.NOT_LEADER_OR_FOLLOWER);
            return null;
        }
        return known;
    }

    /** The share partition, which begins now if it was not in use; this node leads. */
    LiveSharePartition use(SharePartitionKey key, Partition partition) {
        LiveSharePartition known = find(key, partition);
        if (known != null) {
            // At once, not at the next sweep: what a group's configs say counts from their change.
            known.configure(settingsOf.apply(key.groupId()));
            return known;
        }
        LiveSharePartition created =
                new LiveSharePartition(
                        key, partition, settingsOf.apply(key.groupId()), store, clockMs);
        live.put(key, created);
        created.start();
        if (!sweeping) {
            sweeping = true;
            loop.schedule(this::sweep, SWEEP_MS);
        }
        return created;
    }

    /** A member's session is over. */
    void leave(SharePartitionKey key, String memberId) {
        LiveSharePartition known = live.get(key);
        if (known != null) {
            known.removeMember(memberId);
            if (known.isIdle()) {
                drop(known);
            }
        }
    }

    private void drop(LiveSharePartition known) {
        live.remove(known.key(), known);
        known.close(Errors.NOT_LEADER_OR_FOLLOWER);
    }

    /** Lets go of what is not led any more or not in use, and takes new settings. */
    private void sweep() {
        Iterator<LiveSharePartition> all = live.values().iterator();
        while (all.hasNext()) {
            LiveSharePartition known = all.next();
            if (known.isStale() || known.isIdle()) {
                all.remove();
                known.close(Errors.NOT_LEADER_OR_FOLLOWER);
            } else {
                known.configure(settingsOf.apply(known.key().groupId()));
            }
        }
        sweeping = !live.isEmpty();
        if (sweeping) {
            loop.schedule(this::sweep, SWEEP_MS);
        }
    }
}
