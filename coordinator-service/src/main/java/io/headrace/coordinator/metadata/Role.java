package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.CoordinatorIdentity;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.function.LongConsumer;

/**
 * Holding the role: the touches by which standbys see that this controller is alive, and by which
 * it sees that it is not deposed. Confined to the controller's thread.
 */
final class Role {
    private final CoordinatorSessions sessions;
    private final boolean exclusive;
    private final LongConsumer onHeard;
    private long touchedMs = Long.MIN_VALUE / 2;
    private long heardMs = Long.MIN_VALUE / 2;
    private boolean cutOff;
    private @Nullable List<CoordinatorIdentity> reviewed;
    private @Nullable List<CoordinatorIdentity> changed;

    /**
     * @param exclusive whether no other process can open the database: there is nobody to show
     *     anything to
     * @param onHeard told when SQL was heard
     */
    Role(CoordinatorSessions sessions, boolean exclusive, LongConsumer onHeard) {
        this.sessions = sessions;
        this.exclusive = exclusive;
        this.onHeard = onHeard;
    }

    /** The coordinators that are alive at the take-over and stay. */
    List<CoordinatorIdentity> stayingCoordinators(CoordinatorIdentity self) {
        List<CoordinatorIdentity> staying = exclusive ? List.of(self) : sessions.staying();
        reviewed = staying;
        return staying;
    }

    /** SQL answered this controller. */
    void heard(long nowMs) {
        heardMs = nowMs;
        onHeard.accept(nowMs);
    }

    /**
     * Touches the controller row and looks at the other coordinators, when it is time.
     *
     * @return whether SQL was asked and said that this controller has the role; of a database that
     *     nobody else can open, always
     * @throws DeposedException if SQL said that it has not
     */
    boolean hold(
            MetadataStore store,
            TakeOver takeOver,
            ControllerOptions options,
            boolean now,
            long nowMs) {
        cutOff = false;
        changed = null;
        if (exclusive) {
            return true;
        }
        boolean due = nowMs - touchedMs >= options.times().touchMs();
        if (due || now) {
            touchedMs = nowMs;
            try {
                if (!store.touch(takeOver.controllerEpoch())) {
                    throw new DeposedException(
                            "Deposed: another coordinator has taken the role over");
                }
            } catch (org.springframework.dao.DataAccessException e) {
                sessions.restart();
                throw e;
            }
            cutOff = heardMs > 0 && nowMs - heardMs >= options.times().freshMs();
            heard(nowMs);
        }
        sessions.refresh(nowMs, true);
        List<CoordinatorIdentity> staying = sessions.staying();
        if (!staying.equals(reviewed)) {
            reviewed = staying;
            changed = staying;
        }
        return due || now;
    }

    /** Whether the last touch was the first one after a while without SQL. */
    boolean wasCutOff() {
        return cutOff;
    }

    /**
     * The coordinators that are alive and stay, if they have changed by the last look; else null.
     */
    @Nullable List<CoordinatorIdentity> changedCoordinators() {
        return changed;
    }
}
