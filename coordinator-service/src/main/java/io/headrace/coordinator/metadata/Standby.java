package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.topic.RandomIds;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.function.BiPredicate;

/**
 * A coordinator without the role: follows the metadata in SQL and takes the role over when it is
 * given back, or when its holder shows nothing for the lease. Confined to the controller's thread.
 */
final class Standby {
    private static final Logger log = LoggerFactory.getLogger(Standby.class);

    private final ControllerOptions options;
    private final MetadataStore store;
    private final CoordinatorSessions sessions;
    private final BiPredicate<Integer, String> suspected;
    private final boolean exclusive;
    private final LeaseWatch holder;

    private boolean rehearsed;

    /** The last take-over that was tried; its outcome is not known if it failed. */
    private @Nullable TakeOver attempted;

    /**
     * @param exclusive whether no other process can open the database: nobody is waited for
     */
    Standby(
            ControllerOptions options,
            MetadataStore store,
            CoordinatorSessions sessions,
            BiPredicate<Integer, String> suspected,
            boolean exclusive) {
        this.options = options;
        this.store = store;
        this.sessions = sessions;
        this.suspected = suspected;
        this.exclusive = exclusive;
        this.holder = new LeaseWatch(options.times().leaseMs(), options.times().suspectedLeaseMs());
    }

    /** SQL failed: nobody's silence counts until it is heard again. */
    void restart() {
        holder.restart();
        sessions.restart();
    }

    /**
     * Takes the role if it is free.
     *
     * @param seen the controller row
     * @param readMs when reading it began
     * @return the take-over, or null while another coordinator has the role
     */
    @Nullable TakeOver tryTakeOver(ControllerRow seen, long readMs) {
        if (!exclusive && !rehearsed) {
            store.rehearse();
            rehearsed = true;
        }
        TakeOver unknown = attempted;
        if (unknown != null && unknown.takeOverId().equals(seen.takeOverId())) {
            return unknown; // it was committed, and only the answer was lost
        }
        holder.observe(seen, readMs);
        if (!exclusive && seen.ownerId() != ControllerRow.NOBODY) {
            boolean gone = suspected.test(seen.ownerId(), sessions.incarnationOf(seen.ownerId()));
            if (!holder.isExpired(gone)) {
                return null;
            }
            log.info(
                    "Coordinator {} shows no sign of life{}: taking the controller's role over",
                    seen.ownerId(),
                    gone ? " and is reported gone" : "");
        }
        Uuid takeOverId = RandomIds.next(options.random());
        attempted = new TakeOver(options.coordinatorId(), seen.controllerEpoch() + 1, takeOverId);
        return store.takeOver(
                seen, options.coordinatorId(), takeOverId, System.currentTimeMillis());
    }
}
