package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.ControllerState;
import io.headrace.coordinator.cluster.CoordinatorIdentity;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.transaction.TransactionException;

import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;

/**
 * What a controller does on one database, step by step: as a standby it follows the metadata and
 * takes the role when it is free; with the role it decides, until deposed. Confined to the
 * controller's thread.
 */
final class ControllerDuty {
    private static final Logger log = LoggerFactory.getLogger(ControllerDuty.class);
    private static final long OFFER_EVERY_MS = 5_000;

    /** How long an offer stands before the one who made it goes on itself. */
    private static final long OFFER_OPEN_MS = 1_000;

    /** How often a standby looks while the role or its shards are about to change hands. */
    private static final long HAND_OVER_LOOK_MS = 10;

    private final ControllerOptions options;
    private final CoordinatorIdentity identity;
    private final MetadataStore store;
    private final boolean exclusive;
    private final MetadataLog metadataLog;
    private final BiPredicate<Integer, String> suspected;
    private final LongAdder uncleanElections;
    private final Listener listener;
    private final IntSupplier seenNodes;
    private final BooleanSupplier warmUp;
    private final CoordinatorSessions sessions;
    private long offeredMs = Long.MIN_VALUE / 2;
    private LogTail tail;
    private Standby standby;
    private @Nullable Serving serving;

    /** Since when the others can see that this coordinator is about to end. */
    private @Nullable Long leavingSinceMs;

    private boolean holderLeaves;
    private boolean warmedUp;

    private record Serving(ActiveController controller, TakeOver takeOver) {}

    /** Hears how a controller fares. */
    interface Listener {
        /** SQL answered. */
        void onHeard(long nowMs);

        /** There is metadata to serve. */
        void onLoaded();

        /** The role is this coordinator's. */
        void onActive();

        /** The role is not, or no longer, this coordinator's. */
        void onStandby();
    }

    /**
     * @param exclusive whether no other process can open the database
     * @param suspected whether the membership reports a coordinator's incarnation gone
     * @param seenNodes how many storage nodes the membership shows
     * @param warmUp whether shards can be served soon after they are given, asked once the metadata
     *     is known: from then on this coordinator shows itself to the others
     */
    ControllerDuty(
            ControllerOptions options,
            CoordinatorIdentity identity,
            MetadataStore store,
            boolean exclusive,
            MetadataLog metadataLog,
            BiPredicate<Integer, String> suspected,
            IntSupplier seenNodes,
            BooleanSupplier warmUp,
            LongAdder uncleanElections,
            Listener listener) {
        this.options = options;
        this.identity = identity;
        this.store = store;
        this.exclusive = exclusive;
        this.metadataLog = metadataLog;
        this.suspected = suspected;
        this.seenNodes = seenNodes;
        this.warmUp = warmUp;
        this.uncleanElections = uncleanElections;
        this.listener = listener;
        this.sessions = new CoordinatorSessions(store, identity, options, suspected, seenNodes);
        this.tail = new LogTail(store, metadataLog);
        this.standby = new Standby(options, store, sessions, suspected, exclusive);
    }

    /** Whether this controller has the role, as far as it knows: {@link #turn} is next. */
    boolean hasRole() {
        return serving != null;
    }

    private long nowMs() {
        return options.clock().getAsLong();
    }

    /**
     * One look at SQL without the role, and the take-over if the role is free.
     *
     * @return how long to wait until the next step, in milliseconds
     */
    long standBy() {
        try {
            TakeOver takeOver = look();
            if (takeOver != null) {
                serve(takeOver);
                return 0;
            }
            return holderLeaves || leavingSinceMs != null
                    ? HAND_OVER_LOOK_MS
                    : options.times().tailMs();
        } catch (DeposedException e) {
            return onDeposed(e);
        } catch (DataAccessException | TransactionException e) {
            return onUnusable(e);
        }
    }

    private @Nullable TakeOver look() {
        long readMs = nowMs();
        try {
            ControllerRow seen = store.readController();
            if (seen == null) {
                store.foundCluster(options.newClusterId().get());
                seen = store.readController();
            }
            if (seen == null) {
                return null;
            }
            holderLeaves = false;
            if (!exclusive) {
                sessions.refresh(readMs, warmedUp);
                holderLeaves = sessions.isLeaving(seen.ownerId());
                if (tail.follow(seen)) {
                    listener.onHeard(readMs);
                    listener.onLoaded();
                    warmedUp = warmedUp || warmUp.getAsBoolean();
                }
            }
            return mayTake(readMs) ? standby.tryTakeOver(seen, readMs) : null;
        } catch (DataAccessException | TransactionException e) {
            log.warn("SQL is not heard now: {}", Database.reasonOf(e));
            standby.restart();
            return null;
        }
    }

    private void serve(TakeOver takeOver) {
        ControllerRow row = store.readController();
        if (row == null || row.controllerEpoch() != takeOver.controllerEpoch()) {
            throw new DeposedException("Deposed before loading");
        }
        tail.follow(row);
        ControllerState state =
                new ControllerState(
                        metadataLog.image(), options.rules(), options.random(), nowMs());
        ActiveController controller =
                new ActiveController(
                        options,
                        store,
                        takeOver,
                        state,
                        metadataLog,
                        new Role(sessions, exclusive, listener::onHeard),
                        uncleanElections);
        controller.commitFirst(identity);
        serving = new Serving(controller, takeOver);
        listener.onActive();
        listener.onLoaded();
        log.info(
                "Controller {} of cluster {} in epoch {} at offset {}",
                options.coordinatorId(),
                metadataLog.image().clusterId(),
                takeOver.controllerEpoch(),
                metadataLog.nextOffset());
    }

    /**
     * One turn with the role.
     *
     * @return how long to wait until the next step; 0 while the role lasts
     */
    long turn(List<ControllerWork> work) {
        Serving current = serving;
        if (current == null) {
            throw new IllegalStateException("This controller has not the role");
        }
        try {
            current.controller().turn(work);
            if (!exclusive && maybeOffer(current)) {
                return options.times().tailMs();
            }
            return !exclusive && maybeGiveUp(current) ? HAND_OVER_LOOK_MS : 0;
        } catch (DeposedException e) {
            return onDeposed(e);
        } catch (DataAccessException | TransactionException e) {
            return onUnusable(e);
        }
    }

    /**
     * A controller that hears fewer than half of the nodes gives its role to a coordinator that
     * sees more than it does, by the membership too: the fault may be its own network's. Nodes that
     * both see and that only do not poll yet are no reason. Not more often than once in 5 s.
     */
    private boolean maybeOffer(Serving current) {
        int heard = current.controller().nodesSeenInDoubt();
        int seen = Math.max(heard, seenNodes.getAsInt());
        int others = sessions.mostSeenByOthers();
        if (heard < 0 || others <= seen || nowMs() - offeredMs < OFFER_EVERY_MS) {
            return false;
        }
        log.warn(
                "This controller hears {} storage nodes, another coordinator sees {}: offering it"
                        + " the role",
                heard,
                others);
        offeredMs = nowMs();
        store.release(current.takeOver().controllerEpoch());
        beginAnew();
        return true;
    }

    /**
     * Who has offered the role takes it back only if nobody took it for a while; who leaves takes
     * it never.
     */
    private boolean mayTake(long nowMs) {
        return leavingSinceMs == null && nowMs - offeredMs >= OFFER_OPEN_MS;
    }

    /**
     * One that leaves gives the role back, once the others know that it will and look often enough
     * to take it soon; as a standby it sees then what becomes of its shards.
     */
    private boolean maybeGiveUp(Serving current) {
        Long since = leavingSinceMs;
        if (since == null
                || nowMs() - since < options.times().tailMs() + HAND_OVER_LOOK_MS
                || !othersStay()) {
            return false;
        }
        log.info("This controller leaves and gives the role back");
        store.release(current.takeOver().controllerEpoch());
        beginAnew();
        return true;
    }

    /**
     * Whether this coordinator, which leaves, has not the role and knows of all shards that it was
     * given: whoever has the role has seen since that it leaves.
     */
    boolean isGivenNothingMore() {
        Long since = leavingSinceMs;
        return serving == null && since != null && nowMs() - since >= 2 * options.times().tailMs();
    }

    /** Whether anybody is there who can take over what this coordinator has. */
    boolean othersStay() {
        return !exclusive && sessions.staying().size() > 1;
    }

    /**
     * Says to the others, if there can be any, that this coordinator is about to end. Safety rests
     * on none of this: whoever believes it late, or never, meets the fences.
     */
    void beginLeaving() {
        if (leavingSinceMs != null) {
            return;
        }
        try {
            if (!exclusive) {
                sessions.beginLeaving();
            }
            leavingSinceMs = nowMs();
        } catch (DataAccessException e) {
            log.warn("Others do not hear yet that this one leaves: {}", Database.reasonOf(e));
        }
    }

    private long onDeposed(DeposedException e) {
        log.warn("{}", e.getMessage());
        beginAnew();
        return 0;
    }

    private long onUnusable(RuntimeException e) {
        log.warn("The database is not usable now; trying again: {}", e.getMessage());
        beginAnew();
        return options.times().retryDelayMs();
    }

    private void beginAnew() {
        Serving ended = serving;
        serving = null;
        if (ended != null) {
            ended.controller().close();
        }
        listener.onStandby();
        tail = new LogTail(store, metadataLog);
        standby = new Standby(options, store, sessions, suspected, exclusive);
    }

    /** Ends in order: gives the role back, so that another coordinator need not wait to take it. */
    void end() {
        Serving current = serving;
        serving = null;
        listener.onStandby();
        if (current != null) {
            current.controller().close();
            try {
                store.release(current.takeOver().controllerEpoch());
            } catch (DataAccessException e) {
                log.warn("The role runs out by itself: {}", Database.reasonOf(e));
            }
        }
        if (!exclusive) {
            try {
                sessions.leave();
            } catch (DataAccessException e) {
                log.warn("Others see later that this coordinator left: {}", Database.reasonOf(e));
            }
        }
    }
}
