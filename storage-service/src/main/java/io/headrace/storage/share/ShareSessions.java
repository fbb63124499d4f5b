package io.headrace.storage.share;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The share sessions that one loop owns. Bounded: when full, there are no new ones, because each
 * stands for a member that may hold records. Confined to its loop.
 */
public final class ShareSessions {
    public static final int FINAL_EPOCH = -1;
    public static final int INITIAL_EPOCH = 0;

    private final int maxSessions;
    private final int maxPartitions;
    private final Map<ShareSessionKey, ShareSession> sessions = new HashMap<>();
    private int partitionCount;

    public ShareSessions(int maxSessions, int maxPartitions) {
        this.maxSessions = maxSessions;
        this.maxPartitions = maxPartitions;
    }

    /**
     * What a request found.
     *
     * @param session the session, which is over if the request was its last; null after an error
     * @param partitions all that the session fetches, or fetched
     * @param ended a session that this request put an end to, or null
     */
    public record Opened(
            Errors error,
            @Nullable ShareSession session,
            List<SharedPartition> partitions,
            @Nullable Ended ended) {
        private static Opened failed(Errors error) {
            return new Opened(error, null, List.of(), null);
        }
    }

    /** A session that is over, and the partitions of which its member may hold records. */
    public record Ended(ShareSession session, List<SharedPartition> partitions) {}

    /**
     * A ShareFetch arrived.
     *
     * @param hasAcknowledgements whether it acknowledges something, which a first one cannot
     */
    public Opened fetch(
            ShareSessionKey key,
            int sessionEpoch,
            Collection<SharedPartition> named,
            Collection<SharedPartition> forgotten,
            boolean hasAcknowledgements) {
        if (sessionEpoch == INITIAL_EPOCH) {
            return hasAcknowledgements ? Opened.failed(Errors.INVALID_REQUEST) : create(key, named);
        }
        ShareSession session = sessions.get(key);
        Errors error = check(session, sessionEpoch);
        if (session == null || error != Errors.NONE) {
            return Opened.failed(error);
        }
        if (sessionEpoch == FINAL_EPOCH) {
            return end(session);
        }
        int before = session.partitions().size();
        session.partitions().addAll(named);
        forgotten.forEach(session.partitions()::remove);
        partitionCount += session.partitions().size() - before;
        session.advance();
        return new Opened(Errors.NONE, session, List.copyOf(session.partitions()), null);
    }

    /** A ShareAcknowledge arrived. */
    public Opened acknowledge(ShareSessionKey key, int sessionEpoch) {
        if (sessionEpoch == INITIAL_EPOCH) {
            return Opened.failed(Errors.INVALID_SHARE_SESSION_EPOCH);
        }
        ShareSession session = sessions.get(key);
        Errors error = check(session, sessionEpoch);
        if (session == null || error != Errors.NONE) {
            return Opened.failed(error);
        }
        if (sessionEpoch == FINAL_EPOCH) {
            return end(session);
        }
        session.advance();
        return new Opened(Errors.NONE, session, List.copyOf(session.partitions()), null);
    }

    private static Errors check(@Nullable ShareSession session, int sessionEpoch) {
        if (session == null) {
            return Errors.SHARE_SESSION_NOT_FOUND;
        }
        return sessionEpoch == FINAL_EPOCH || sessionEpoch == session.nextEpoch()
                ? Errors.NONE
                : Errors.INVALID_SHARE_SESSION_EPOCH;
    }

    private Opened create(ShareSessionKey key, Collection<SharedPartition> named) {
        ShareSession before = sessions.get(key);
        Ended ended = before == null ? null : remove(before);
        if (sessions.size() >= maxSessions || partitionCount + named.size() > maxPartitions) {
            return new Opened(Errors.SHARE_SESSION_LIMIT_REACHED, null, List.of(), ended);
        }
        ShareSession created = new ShareSession(key);
        created.partitions().addAll(named);
        partitionCount += created.partitions().size();
        sessions.put(key, created);
        return new Opened(Errors.NONE, created, List.copyOf(created.partitions()), ended);
    }

    private Opened end(ShareSession session) {
        Ended ended = remove(session);
        return new Opened(Errors.NONE, session, ended.partitions(), ended);
    }

    /** Ends a session whose client left; null when it is over already. */
    public @Nullable Ended endIfCurrent(ShareSession session) {
        return sessions.get(session.key()) == session ? remove(session) : null;
    }

    private Ended remove(ShareSession session) {
        sessions.remove(session.key());
        partitionCount -= session.partitions().size();
        return new Ended(session, new ArrayList<>(session.partitions()));
    }

    public int size() {
        return sessions.size();
    }
}
