package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.metadata.row.CoordinatorRow;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.JdbcTemplate;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

import javax.sql.DataSource;

/**
 * The coordinators that show themselves in SQL, this one among them, and which of them are alive.
 * Confined to the controller's thread; every method that talks to SQL blocks.
 */
final class CoordinatorSessions {
    private static final Logger log = LoggerFactory.getLogger(CoordinatorSessions.class);

    private final JdbcTemplate jdbc;
    private final CoordinatorIdentity self;
    private final ControllerOptions options;
    private final BiPredicate<Integer, String> suspected;
    private final CoordinatorRow row;
    private final Map<Integer, Watched> watched = new HashMap<>();
    private long shownMs = Long.MIN_VALUE / 2;
    private long lookedMs = Long.MIN_VALUE / 2;
    private boolean shown;

    /** A coordinator's row, and since when it does not change. */
    private record Watched(Session session, LeaseWatch watch) {}

    private record Session(CoordinatorRow row, long touchCount) {}

    /**
     * @param suspected whether the membership reports that coordinator's incarnation gone
     */
    CoordinatorSessions(
            DataSource dataSource,
            CoordinatorIdentity self,
            ControllerOptions options,
            BiPredicate<Integer, String> suspected) {
        this.jdbc = new JdbcTemplate(dataSource);
        this.self = self;
        this.options = options;
        this.suspected = suspected;
        this.row = CoordinatorRow.of(self.toRecord());
    }

    /** Shows that this coordinator is alive and looks at the others, each when it is time. */
    void refresh(long nowMs) {
        if (nowMs - shownMs >= options.times().touchMs()) {
            shownMs = nowMs;
            show();
        }
        if (nowMs - lookedMs >= options.times().tailMs()) {
            lookedMs = nowMs;
            look(nowMs);
        }
    }

    private void show() {
        int updated =
                jdbc.update(
                        "UPDATE coordinator_sessions SET touch_count = touch_count + 1 WHERE"
                                + " coordinator_id = ? AND incarnation_id = ?",
                        row.coordinatorId(),
                        row.incarnationId());
        if (updated == 0) {
            if (shown) {
                log.error(
                        "Another coordinator shows itself with the id {} of this one: give each an"
                                + " id of its own",
                        row.coordinatorId());
            }
            jdbc.update(
                    "DELETE FROM coordinator_sessions WHERE coordinator_id = ?",
                    row.coordinatorId());
            jdbc.update(
                    "INSERT INTO coordinator_sessions (coordinator_id, incarnation_id, host, port,"
                            + " apis, touch_count) VALUES (?, ?, ?, ?, ?, 0)",
                    row.coordinatorId(),
                    row.incarnationId(),
                    row.host(),
                    row.port(),
                    row.apis());
        }
        shown = true;
    }

    private void look(long nowMs) {
        List<Session> sessions =
                jdbc.query(
                        "SELECT coordinator_id, incarnation_id, host, port, apis, touch_count FROM"
                                + " coordinator_sessions",
                        (result, index) ->
                                new Session(
                                        new CoordinatorRow(
                                                result.getInt(1),
                                                result.getString(2),
                                                result.getString(3),
                                                result.getInt(4),
                                                result.getString(5)),
                                        result.getLong(6)));
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
            watched.put(session.row().coordinatorId(), new Watched(session, watch));
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

    /** The coordinators that are alive, this one included, by id. */
    List<CoordinatorIdentity> live() {
        List<CoordinatorIdentity> live = new ArrayList<>();
        live.add(self);
        for (Watched each : watched.values()) {
            CoordinatorRow other = each.session().row();
            boolean isSuspected = suspected.test(other.coordinatorId(), other.incarnationId());
            if (other.coordinatorId() != self.coordinatorId()
                    && !each.watch().isExpired(isSuspected)) {
                live.add(CoordinatorIdentity.of(other.toRecord()));
            }
        }
        live.sort(Comparator.comparingInt(CoordinatorIdentity::coordinatorId));
        return live;
    }

    /** Takes this coordinator's row away, so that others need not wait. */
    void leave() {
        jdbc.update(
                "DELETE FROM coordinator_sessions WHERE coordinator_id = ? AND incarnation_id = ?",
                row.coordinatorId(),
                row.incarnationId());
    }
}
