package io.headrace.coordinator.metadata;

import io.headrace.coordinator.metadata.row.CoordinatorRow;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.ClusterRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.TransientDataAccessResourceException;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The SQL database of a simulated cluster: linearizable, each call one transaction. A call may
 * fail, before it took effect or after.
 */
public final class SimulatedDatabase {
    /** Failures in a row: a controller waits for its database, which cannot mend meanwhile. */
    private static final int MAX_FAILURES = 3;

    private final SplittableRandom random;
    private final Consumer<MetadataImage> onCommit;
    private final TreeMap<Long, LogRow> log = new TreeMap<>();
    private final TreeMap<Integer, MetadataStore.Session> sessions = new TreeMap<>();
    private double failureChance;
    private int failures;
    private @Nullable ControllerRow row;
    private MetadataImage image = MetadataImage.EMPTY;

    /**
     * @param onCommit sees every committed state
     */
    public SimulatedDatabase(SplittableRandom random, Consumer<MetadataImage> onCommit) {
        this.random = random;
        this.onCommit = onCommit;
    }

    /** The chance of a call to fail. */
    public void failing(double chance) {
        failureChance = chance;
    }

    /** What is committed. */
    public MetadataImage image() {
        return image;
    }

    MetadataStore connection() {
        return new Connection();
    }

    private boolean fails() {
        boolean failing =
                failureChance > 0 && failures < MAX_FAILURES && random.nextDouble() < failureChance;
        failures = failing ? failures + 1 : 0;
        return failing;
    }

    private void mayFail() {
        if (fails()) {
            throw new TransientDataAccessResourceException("The simulated database failed");
        }
    }

    private ControllerRow known() {
        ControllerRow now = row;
        if (now == null) {
            throw new IllegalStateException("There is no cluster yet");
        }
        return now;
    }

    private void commit(ControllerRow next, LogRow logRow, List<ApiMessage> records) {
        row = next;
        log.put(logRow.baseOffset(), logRow);
        for (ApiMessage record : records) {
            image = image.apply(image.nextOffset(), record);
        }
        onCommit.accept(image);
    }

    private final class Connection implements MetadataStore {
        @Override
        public @Nullable ControllerRow readController() {
            mayFail();
            return row;
        }

        @Override
        public ControllerRow readControllerLocked(long controllerEpoch) {
            mayFail();
            raiseTouch(controllerEpoch);
            return known();
        }

        @Override
        public void rehearse() {}

        @Override
        public void foundCluster(String clusterId) {
            mayFail();
            if (row == null) {
                row = new ControllerRow(clusterId, 0, ControllerRow.NOBODY, Uuid.ZERO_UUID, 0, 0);
            }
        }

        @Override
        public @Nullable TakeOver takeOver(
                ControllerRow seen, int controllerId, Uuid takeOverId, long nowMs) {
            mayFail();
            ControllerRow now = known();
            if (now.controllerEpoch() != seen.controllerEpoch()
                    || now.nextOffset() != seen.nextOffset()) {
                return null;
            }
            TakeOver next = new TakeOver(controllerId, seen.controllerEpoch() + 1, takeOverId);
            List<ApiMessage> records = new ArrayList<>();
            if (seen.nextOffset() == 0) {
                records.add(new ClusterRecord().setClusterId(seen.clusterId()));
            }
            records.add(
                    new TakeOverRecord()
                            .setControllerId(controllerId)
                            .setControllerEpoch(next.controllerEpoch())
                            .setTakeOverId(takeOverId));
            LogRow logRow = SqlStore.logRow(next, seen.nextOffset(), records, nowMs);
            commit(
                    new ControllerRow(
                            now.clusterId(),
                            next.controllerEpoch(),
                            controllerId,
                            takeOverId,
                            logRow.nextOffset(),
                            now.touchCount() + 1),
                    logRow,
                    records);
            mayFail();
            return next;
        }

        @Override
        public boolean append(
                LogRow logRow, List<ApiMessage> records, Function<Uuid, String> topicName) {
            mayFail();
            ControllerRow now = known();
            if (now.controllerEpoch() != logRow.controllerEpoch()
                    || now.nextOffset() != logRow.baseOffset()) {
                return false;
            }
            commit(
                    new ControllerRow(
                            now.clusterId(),
                            now.controllerEpoch(),
                            now.ownerId(),
                            now.takeOverId(),
                            logRow.nextOffset(),
                            now.touchCount()),
                    logRow,
                    records);
            mayFail();
            return true;
        }

        @Override
        public boolean touch(long controllerEpoch) {
            mayFail();
            return raiseTouch(controllerEpoch);
        }

        private boolean raiseTouch(long controllerEpoch) {
            ControllerRow now = known();
            if (now.controllerEpoch() != controllerEpoch) {
                return false;
            }
            row =
                    new ControllerRow(
                            now.clusterId(),
                            now.controllerEpoch(),
                            now.ownerId(),
                            now.takeOverId(),
                            now.nextOffset(),
                            now.touchCount() + 1);
            return true;
        }

        @Override
        public List<LogRow> readLog(long fromOffset, int limit) {
            mayFail();
            return log.tailMap(fromOffset).values().stream().limit(limit).toList();
        }

        @Override
        public int pruneLog(long beforeOffset) {
            mayFail();
            int before = log.size();
            log.headMap(beforeOffset).clear();
            return before - log.size();
        }

        @Override
        public Loaded load(int maxRows) {
            mayFail();
            long from = Math.max(0, known().nextOffset() - maxRows);
            return new Loaded(image, List.copyOf(log.tailMap(from).values()));
        }

        @Override
        public void release(long controllerEpoch) {
            mayFail();
            ControllerRow now = known();
            if (now.controllerEpoch() == controllerEpoch) {
                row =
                        new ControllerRow(
                                now.clusterId(),
                                now.controllerEpoch(),
                                ControllerRow.NOBODY,
                                now.takeOverId(),
                                now.nextOffset(),
                                now.touchCount());
            }
        }

        @Override
        public boolean touchSession(CoordinatorRow coordinator, int seenNodes) {
            mayFail();
            Session known = sessions.get(coordinator.coordinatorId());
            if (known == null || !known.row().incarnationId().equals(coordinator.incarnationId())) {
                return false;
            }
            sessions.put(
                    coordinator.coordinatorId(),
                    new Session(known.row(), known.touchCount() + 1, seenNodes));
            return true;
        }

        @Override
        public void beginSession(CoordinatorRow coordinator) {
            mayFail();
            sessions.put(coordinator.coordinatorId(), new Session(coordinator, 0, 0));
        }

        @Override
        public List<Session> sessions() {
            mayFail();
            return List.copyOf(sessions.values());
        }

        @Override
        public void endSession(CoordinatorRow coordinator) {
            mayFail();
            Session known = sessions.get(coordinator.coordinatorId());
            if (known != null && known.row().incarnationId().equals(coordinator.incarnationId())) {
                sessions.remove(coordinator.coordinatorId());
            }
        }
    }
}
