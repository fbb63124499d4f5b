package io.headrace.coordinator.metadata;

import io.headrace.coordinator.metadata.row.CoordinatorRow;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.ClusterRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;
import io.headrace.simulation.network.Host;

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
import java.util.function.Supplier;

/**
 * The SQL database of a simulated cluster: linearizable, each call one transaction. A call takes
 * its time, in which all but the thread that calls go on, and may fail, before it took effect or
 * after. What a process sent before it paused or died may take effect meanwhile.
 */
public final class SimulatedDatabase {
    /** As long as a connection is waited for. */
    private static final long CONNECT_MS = 1_000;

    private final SplittableRandom random;
    private final Consumer<MetadataImage> onCommit;
    private final TreeMap<Long, LogRow> log = new TreeMap<>();
    private final TreeMap<Integer, MetadataStore.Session> sessions = new TreeMap<>();
    private double failureChance;
    private long wayMaxMs = 1;
    private double stallChance;
    private boolean away;
    private @Nullable ControllerRow row;
    private MetadataImage image = MetadataImage.EMPTY;

    /**
     * @param onCommit sees every committed state
     */
    public SimulatedDatabase(SplittableRandom random, Consumer<MetadataImage> onCommit) {
        this.random = random;
        this.onCommit = onCommit;
    }

    /**
     * What goes wrong from now on.
     *
     * @param chance of a call to fail
     * @param wayMax how long a request or its answer takes at most, in milliseconds
     * @param stalls the chance of either to take much longer
     */
    public void faults(double chance, long wayMax, double stalls) {
        failureChance = chance;
        wayMaxMs = wayMax;
        stallChance = stalls;
    }

    /** Whether nobody reaches it, from now on. */
    public void away(boolean gone) {
        away = gone;
    }

    /** Whether nobody reaches it now. */
    public boolean isAway() {
        return away;
    }

    /** What is committed. */
    public MetadataImage image() {
        return image;
    }

    MetadataStore connection(Host host) {
        return new Connection(host);
    }

    private void mayFail() {
        if (failureChance > 0 && random.nextDouble() < failureChance) {
            throw new TransientDataAccessResourceException("The simulated database failed");
        }
    }

    private long wayMs() {
        long usual = random.nextLong(wayMaxMs + 1);
        return stallChance > 0 && random.nextDouble() < stallChance
                ? usual + random.nextLong(50, 2_500)
                : usual;
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

    /** A process's connection: whoever calls waits. */
    private final class Connection implements MetadataStore {
        private final Host host;

        Connection(Host host) {
            this.host = host;
        }

        private <T extends @Nullable Object> T call(Supplier<T> transaction) {
            if (away) {
                host.sleep(CONNECT_MS);
                throw new TransientDataAccessResourceException("The simulated database is away");
            }
            if (random.nextBoolean()) {
                host.sleep(wayMs());
            } else {
                host.pass(wayMs()); // sent before a pause, or death
            }
            if (away) {
                host.sleep(CONNECT_MS);
                throw new TransientDataAccessResourceException("The simulated database went away");
            }
            if (host.isAlive() && !host.isPaused()) {
                mayFail();
            }
            T result = transaction.get();
            host.sleep(wayMs());
            mayFail();
            return result;
        }

        private void run(Runnable transaction) {
            call(
                    () -> {
                        transaction.run();
                        return true;
                    });
        }

        @Override
        public @Nullable ControllerRow readController() {
            return this.<@Nullable ControllerRow>call(() -> row);
        }

        @Override
        public ControllerRow readControllerLocked(long controllerEpoch) {
            return call(
                    () -> {
                        raiseTouch(controllerEpoch);
                        return known();
                    });
        }

        @Override
        public void rehearse() {}

        @Override
        public void foundCluster(String clusterId) {
            run(
                    () -> {
                        if (row == null) {
                            row =
                                    new ControllerRow(
                                            clusterId,
                                            0,
                                            ControllerRow.NOBODY,
                                            Uuid.ZERO_UUID,
                                            0,
                                            0);
                        }
                    });
        }

        @Override
        public @Nullable TakeOver takeOver(
                ControllerRow seen, int controllerId, Uuid takeOverId, long nowMs) {
            return this.<@Nullable TakeOver>call(
                    () -> tryTakeOver(seen, controllerId, takeOverId, nowMs));
        }

        private @Nullable TakeOver tryTakeOver(
                ControllerRow seen, int controllerId, Uuid takeOverId, long nowMs) {
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
            return next;
        }

        @Override
        public boolean append(
                LogRow logRow, List<ApiMessage> records, Function<Uuid, String> topicName) {
            return call(() -> tryAppend(logRow, records));
        }

        private boolean tryAppend(LogRow logRow, List<ApiMessage> records) {
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
            return true;
        }

        @Override
        public boolean touch(long controllerEpoch) {
            return call(() -> raiseTouch(controllerEpoch));
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
            return call(() -> log.tailMap(fromOffset).values().stream().limit(limit).toList());
        }

        @Override
        public int pruneLog(long beforeOffset) {
            return call(
                    () -> {
                        int before = log.size();
                        log.headMap(beforeOffset).clear();
                        return before - log.size();
                    });
        }

        @Override
        public Loaded load(int maxRows) {
            return call(
                    () -> {
                        long from = Math.max(0, known().nextOffset() - maxRows);
                        return new Loaded(image, List.copyOf(log.tailMap(from).values()));
                    });
        }

        @Override
        public void release(long controllerEpoch) {
            run(
                    () -> {
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
                    });
        }

        @Override
        public boolean touchSession(CoordinatorRow coordinator, int seenNodes) {
            return call(
                    () -> {
                        Session known = sessions.get(coordinator.coordinatorId());
                        boolean same = isSame(known, coordinator);
                        if (known != null && same) {
                            sessions.put(
                                    coordinator.coordinatorId(),
                                    new Session(
                                            known.row(),
                                            known.touchCount() + 1,
                                            seenNodes,
                                            known.leaving()));
                        }
                        return same;
                    });
        }

        private static boolean isSame(@Nullable Session known, CoordinatorRow coordinator) {
            return known != null && known.row().incarnationId().equals(coordinator.incarnationId());
        }

        @Override
        public void beginSession(CoordinatorRow coordinator) {
            run(
                    () ->
                            sessions.put(
                                    coordinator.coordinatorId(),
                                    new Session(coordinator, 0, 0, false)));
        }

        @Override
        public List<Session> sessions() {
            return call(() -> List.copyOf(sessions.values()));
        }

        @Override
        public void leaveSession(CoordinatorRow coordinator) {
            run(
                    () -> {
                        Session known = sessions.get(coordinator.coordinatorId());
                        if (known != null && isSame(known, coordinator)) {
                            sessions.put(
                                    coordinator.coordinatorId(),
                                    new Session(
                                            known.row(),
                                            known.touchCount(),
                                            known.seenNodes(),
                                            true));
                        }
                    });
        }

        @Override
        public void endSession(CoordinatorRow coordinator) {
            run(
                    () -> {
                        if (isSame(sessions.get(coordinator.coordinatorId()), coordinator)) {
                            sessions.remove(coordinator.coordinatorId());
                        }
                    });
        }
    }
}
