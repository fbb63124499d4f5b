package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.metadata.MetadataStore.Session;
import io.headrace.coordinator.metadata.row.CoordinatorRow;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;
import java.util.function.IntSupplier;

/**
 * The coordinators that show themselves in SQL, this one among them, and which of them are alive.
 * Confined to the controller's thread; every method that talks to SQL blocks.
 */
final class CoordinatorSessions {
    private static final Logger log = LoggerFactory.getLogger(CoordinatorSessions.class);

    private final MetadataStore store;
    private final CoordinatorIdentity self;
    private final ControllerOptions options;
    private final BiPredicate<Integer, String> suspected;
    private final IntSupplier seenNodes;
    private final CoordinatorRow row;
    private final Map<Integer, Watched> watched = new HashMap<>();
    private long shownMs = Long.MIN_VALUE / 2;
    private long lookedMs = Long.MIN_VALUE / 2;
    private boolean shown;
    private boolean leaving;

    /** A coordinator's row, and since when it does not change. */
    private record Watched(Session session, CoordinatorIdentity identity, LeaseWatch watch) {}

    /**
     * @param suspected whether the membership reports that coordinator's incarnation gone
     * @param seenNodes how many storage nodes this coordinator sees
     */
    CoordinatorSessions(
            MetadataStore store,
            CoordinatorIdentity self,
            ControllerOptions options,
            BiPredicate<Integer, String> suspected,
            IntSupplier seenNodes) {
        this.seenNodes = seenNodes;
        this.store = store;
        this.self = self;
        this.options = options;
        this.suspected = suspected;
        this.row = CoordinatorRow.of(self.toRecord());
    }

    /**
     * Shows that this coordinator is alive and looks at the others, each when it is time.
     *
     * @param known whether this coordinator knows the metadata: before that it shows nothing,
     *     because whoever shows itself is given shards
     */
    void refresh(long nowMs, boolean known) {
        if (known && nowMs - shownMs >= options.times().touchMs()) {
            shownMs = nowMs;
            show();
        }
        if (nowMs - lookedMs >= options.times().tailMs()) {
            lookedMs = nowMs;
            look(nowMs);
        }
    }

    private void show() {
        if (!store.touchSession(row, seenNodes.getAsInt())) {
            if (shown) {
                log.error(
                        "Another coordinator shows itself with the id {} of this one: give each an"
                                + " id of its own",
                        row.coordinatorId());
            }
            store.beginSession(row);
            if (leaving) {
                store.leaveSession(row);
            }
        }
        shown = true;
    }

    /** Says to the others that this coordinator is about to end. */
    void beginLeaving() {
        leaving = true;
        store.leaveSession(row);
    }

    private void look(long nowMs) {
        List<Session> sessions = store.sessions();
        Map<Integer, Watched> before = Map.copyOf(watched);
        watched.clear();
        for (Session session : sessions) {
            Watched known = before.get(session.row().coordinatorId());
            LeaseWatch watch =
                    known == null
                            ? new LeaseWatch(
                                    options.times().leaseMs(), options.times().suspectedLeaseMs())
                            : known.watch();
            watch.observe(session, nowMs);
            CoordinatorIdentity identity =
                    known != null && known.session().row().equals(session.row())
                            ? known.identity()
                            : CoordinatorIdentity.of(session.row().toRecord());
            watched.put(session.row().coordinatorId(), new Watched(session, identity, watch));
        }
    }

    /** SQL failed: what passed until the next look counts against nobody. */
    void restart() {
        watched.values().forEach(each -> each.watch().restart());
    }

    /** The incarnation that a coordinator last showed; empty when it shows none. */
    String incarnationOf(int coordinatorId) {
        Watched known = watched.get(coordinatorId);
        return known == null ? "" : known.session().row().incarnationId();
    }

    /**
     * The coordinators that are alive and stay, this one included, by id. Those that are about to
     * end live on until others have what they had, but are given nothing.
     */
    List<CoordinatorIdentity> staying() {
        List<CoordinatorIdentity> staying = new ArrayList<>();
        staying.add(self);
        for (Watched each : watched.values()) {
            if (isLiveOther(each) && !each.session().leaving()) {
                staying.add(each.identity());
            }
        }
        staying.sort(Comparator.comparingInt(CoordinatorIdentity::coordinatorId));
        return staying;
    }

    private boolean isLiveOther(Watched each) {
        CoordinatorRow other = each.session().row();
        boolean isSuspected = suspected.test(other.coordinatorId(), other.incarnationId());
        return other.coordinatorId() != self.coordinatorId()
                && !each.watch().isExpired(isSuspected);
    }

    /** Whether that coordinator says that it is about to end. */
    boolean isLeaving(int coordinatorId) {
        Watched known = watched.get(coordinatorId);
        return known != null && known.session().leaving();
    }

    /** The most storage nodes that any other coordinator that is alive and stays says it sees. */
    int mostSeenByOthers() {
        int most = 0;
        for (Watched each : watched.values()) {
            if (isLiveOther(each) && !each.session().leaving()) {
                most = Math.max(most, each.session().seenNodes());
            }
        }
        return most;
    }

    /** Takes this coordinator's row away, so that others need not wait. */
    void leave() {
        store.endSession(row);
    }
}
