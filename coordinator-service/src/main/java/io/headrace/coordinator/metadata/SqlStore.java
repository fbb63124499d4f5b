package io.headrace.coordinator.metadata;

import io.headrace.coordinator.metadata.row.ConfigRow;
import io.headrace.coordinator.metadata.row.CoordinatorRow;
import io.headrace.coordinator.metadata.row.FeatureRow;
import io.headrace.coordinator.metadata.row.NodeRow;
import io.headrace.coordinator.metadata.row.PartitionRow;
import io.headrace.coordinator.metadata.row.ProducerIdRow;
import io.headrace.coordinator.metadata.row.RowChanges;
import io.headrace.coordinator.metadata.row.ShardOwnerRow;
import io.headrace.coordinator.metadata.row.TopicRow;
import io.headrace.protocol.metadata.MetadataBatches;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.ClusterRecord;
import io.headrace.protocol.metadata.record.FeatureRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jdbc.core.JdbcAggregateOperations;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

import java.nio.ByteBuffer;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

import javax.sql.DataSource;

/**
 * The cluster's truth in SQL, and its fence. Confined to one thread; every method blocks.
 *
 * <p>Each change is one transaction that begins with an update of the controller row under the
 * condition that its epoch and next offset are those the controller knows. That row's lock is the
 * fence, the order and the allocator of offsets without a gap.
 */
final class SqlStore implements MetadataStore {
    private static final int ROW_ID = 1;
    private static final String READ_CONTROLLER =
            "SELECT cluster_id, epoch, owner_id, take_over_id, next_offset, touch_count"
                    + " FROM controller WHERE id = ?";

    /** What the metadata log makes, and the log itself. */
    private static final List<String> TABLES =
            List.of(
                    "metadata_log",
                    "topics",
                    "partitions",
                    "configs",
                    "nodes",
                    "coordinators",
                    "shard_owners",
                    "features",
                    "producer_ids");

    private final JdbcTemplate jdbc;
    private final JdbcAggregateOperations aggregates;
    private final TransactionTemplate transaction;
    private final TransactionTemplate snapshot;

    SqlStore(DataSource dataSource) {
        this.jdbc = new JdbcTemplate(dataSource);
        this.aggregates = Aggregates.over(jdbc);
        JdbcTransactionManager transactions = new JdbcTransactionManager(dataSource);
        this.transaction = new TransactionTemplate(transactions);
        this.snapshot = new TransactionTemplate(transactions);
        snapshot.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
        snapshot.setReadOnly(true);
    }

    @Override
    public @Nullable ControllerRow readController() {
        List<ControllerRow> rows = jdbc.query(READ_CONTROLLER, SqlStore::controllerRow, ROW_ID);
        return rows.isEmpty() ? null : rows.getFirst();
    }

    @Override
    public ControllerRow readControllerLocked(long controllerEpoch) {
        return Objects.requireNonNull(
                transaction.execute(
                        status -> {
                            touch(controllerEpoch);
                            return jdbc.query(
                                            READ_CONTROLLER + " FOR UPDATE",
                                            SqlStore::controllerRow,
                                            ROW_ID)
                                    .getFirst();
                        }));
    }

    @Override
    public void rehearse() {
        transaction.executeWithoutResult(
                status -> {
                    status.setRollbackOnly();
                    aggregates.findAll(FeatureRow.class);
                    RowChanges changes =
                            RowChanges.of(
                                    List.of(new FeatureRecord().setName("a rehearsal")), id -> "");
                    changes.removals()
                            .forEach(removal -> jdbc.batchUpdate(removal.sql(), removal.keys()));
                    changes.inserts().forEach(aggregates::insertAll);
                });
    }

    private static ControllerRow controllerRow(ResultSet row, int index) throws SQLException {
        return new ControllerRow(
                row.getString(1),
                row.getLong(2),
                row.getInt(3),
                Uuid.fromString(row.getString(4)),
                row.getLong(5),
                row.getLong(6));
    }

    @Override
    public void foundCluster(String clusterId) {
        if (readController() == null) {
            try {
                insertController(
                        new ControllerRow(
                                clusterId, 0, ControllerRow.NOBODY, Uuid.ZERO_UUID, 0, 0));
            } catch (org.springframework.dao.DuplicateKeyException e) {
                Objects.requireNonNull(readController(), "The row of the other coordinator");
            }
        }
    }

    @Override
    public @Nullable TakeOver takeOver(
            ControllerRow seen, int controllerId, Uuid takeOverId, long nowMs) {
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
        LogRow row = logRow(next, seen.nextOffset(), records, nowMs);
        boolean won =
                Boolean.TRUE.equals(
                        transaction.execute(
                                status -> {
                                    int updated =
                                            jdbc.update(
                                                    "UPDATE controller SET epoch = ?, owner_id = ?,"
                                                        + " take_over_id = ?, next_offset = ?,"
                                                        + " touch_count = touch_count + 1 WHERE id"
                                                        + " = ? AND epoch = ? AND next_offset = ?",
                                                    next.controllerEpoch(),
                                                    controllerId,
                                                    takeOverId.toString(),
                                                    row.nextOffset(),
                                                    ROW_ID,
                                                    seen.controllerEpoch(),
                                                    seen.nextOffset());
                                    if (updated == 1) {
                                        insertLog(row);
                                    }
                                    return updated == 1;
                                }));
        return won ? next : null;
    }

    /** The log row of records that begin at an offset. */
    static LogRow logRow(TakeOver takeOver, long baseOffset, List<ApiMessage> records, long nowMs) {
        return new LogRow(
                baseOffset,
                baseOffset + records.size(),
                takeOver.controllerEpoch(),
                takeOver.takeOverId(),
                MetadataBatches.encode(records, baseOffset, takeOver.controllerEpoch(), nowMs));
    }

    @Override
    public boolean append(LogRow row, List<ApiMessage> records, Function<Uuid, String> topicName) {
        RowChanges changes = RowChanges.of(records, topicName);
        return Boolean.TRUE.equals(
                transaction.execute(
                        status -> {
                            if (!advance(row)) {
                                return false;
                            }
                            insertLog(row);
                            for (RowChanges.Removal removal : changes.removals()) {
                                jdbc.batchUpdate(removal.sql(), removal.keys());
                            }
                            for (List<Object> rows : changes.inserts()) {
                                aggregates.insertAll(rows);
                            }
                            return true;
                        }));
    }

    /**
     * Fills an empty database with a cluster from elsewhere.
     *
     * @return false if a controller has written here before: nothing was changed
     */
    boolean fill(ControllerRow row, List<ApiMessage> records) {
        RowChanges changes = RowChanges.of(records, id -> "");
        return Boolean.TRUE.equals(
                transaction.execute(
                        status -> {
                            ControllerRow before = readController();
                            if (before != null && before.nextOffset() > 0) {
                                return false;
                            }
                            jdbc.update("DELETE FROM controller WHERE id = ?", ROW_ID);
                            insertController(row);
                            for (List<Object> rows : changes.inserts()) {
                                aggregates.insertAll(rows);
                            }
                            return true;
                        }));
    }

    /**
     * Puts another state in the place of everything, the metadata log included.
     *
     * @param seen what the controller row must still be, signs of life aside
     * @return false if it has changed: nothing was changed here
     */
    boolean replace(ControllerRow seen, ControllerRow row, List<ApiMessage> records) {
        RowChanges changes = RowChanges.of(records, id -> "");
        return Boolean.TRUE.equals(
                transaction.execute(
                        status -> {
                            int updated =
                                    jdbc.update(
                                            "UPDATE controller SET epoch = ?, owner_id = ?,"
                                                    + " take_over_id = ?, next_offset = ? WHERE id"
                                                    + " = ? AND epoch = ? AND next_offset = ?",
                                            row.controllerEpoch(),
                                            row.ownerId(),
                                            row.takeOverId().toString(),
                                            row.nextOffset(),
                                            ROW_ID,
                                            seen.controllerEpoch(),
                                            seen.nextOffset());
                            if (updated != 1) {
                                return false;
                            }
                            TABLES.forEach(table -> jdbc.update("DELETE FROM " + table));
                            for (List<Object> rows : changes.inserts()) {
                                aggregates.insertAll(rows);
                            }
                            return true;
                        }));
    }

    private void insertController(ControllerRow row) {
        jdbc.update(
                "INSERT INTO controller (id, cluster_id, epoch, owner_id, take_over_id,"
                        + " next_offset, touch_count) VALUES (?, ?, ?, ?, ?, ?, ?)",
                ROW_ID,
                row.clusterId(),
                row.controllerEpoch(),
                row.ownerId(),
                row.takeOverId().toString(),
                row.nextOffset(),
                row.touchCount());
    }

    private boolean advance(LogRow row) {
        return jdbc.update(
                        "UPDATE controller SET next_offset = next_offset + ? WHERE id = ? AND epoch"
                                + " = ? AND next_offset = ?",
                        row.nextOffset() - row.baseOffset(),
                        ROW_ID,
                        row.controllerEpoch(),
                        row.baseOffset())
                == 1;
    }

    private void insertLog(LogRow row) {
        byte[] bytes = new byte[row.batch().remaining()];
        row.batch().get(row.batch().position(), bytes);
        jdbc.update(
                "INSERT INTO metadata_log (base_offset, next_offset, epoch, take_over_id, batch)"
                        + " VALUES (?, ?, ?, ?, ?)",
                row.baseOffset(),
                row.nextOffset(),
                row.controllerEpoch(),
                row.takeOverId().toString(),
                bytes);
    }

    @Override
    public boolean touch(long controllerEpoch) {
        return jdbc.update(
                        "UPDATE controller SET touch_count = touch_count + 1 WHERE id = ? AND epoch"
                                + " = ?",
                        ROW_ID,
                        controllerEpoch)
                == 1;
    }

    @Override
    public List<LogRow> readLog(long fromOffset, int limit) {
        return jdbc.query(
                "SELECT base_offset, next_offset, epoch, take_over_id, batch FROM metadata_log"
                        + " WHERE base_offset >= ? ORDER BY base_offset LIMIT ?",
                (row, index) ->
                        new LogRow(
                                row.getLong(1),
                                row.getLong(2),
                                row.getLong(3),
                                Uuid.fromString(row.getString(4)),
                                ByteBuffer.wrap(row.getBytes(5))),
                fromOffset,
                limit);
    }

    @Override
    public int pruneLog(long beforeOffset) {
        return jdbc.update("DELETE FROM metadata_log WHERE base_offset < ?", beforeOffset);
    }

    @Override
    public Loaded load(int maxRows) {
        return Objects.requireNonNull(
                snapshot.execute(
                        status -> {
                            ControllerRow row = Objects.requireNonNull(readController());
                            long from = Math.max(0, row.nextOffset() - maxRows);
                            return new Loaded(loadImage(row), readLog(from, maxRows));
                        }));
    }

    @Override
    public void release(long controllerEpoch) {
        jdbc.update(
                "UPDATE controller SET owner_id = ? WHERE id = ? AND epoch = ?",
                ControllerRow.NOBODY,
                ROW_ID,
                controllerEpoch);
    }

    /** The image that the tables hold. Consistent for the controller that wrote the row given. */
    MetadataImage loadImage(ControllerRow controller) {
        List<ApiMessage> records = new ArrayList<>();
        records.add(new ClusterRecord().setClusterId(controller.clusterId()));
        records.add(
                new TakeOverRecord()
                        .setControllerId(controller.ownerId())
                        .setControllerEpoch(controller.controllerEpoch())
                        .setTakeOverId(controller.takeOverId()));
        aggregates.findAll(FeatureRow.class).forEach(row -> records.add(row.toRecord()));
        aggregates.findAll(NodeRow.class).forEach(row -> records.add(row.toRecord()));
        aggregates.findAll(CoordinatorRow.class).forEach(row -> records.add(row.toRecord()));
        aggregates.findAll(TopicRow.class).forEach(row -> records.add(row.toRecord()));
        aggregates.findAll(PartitionRow.class).forEach(row -> records.add(row.toRecord()));
        aggregates.findAll(ConfigRow.class).forEach(row -> records.add(row.toRecord()));
        aggregates.findAll(ShardOwnerRow.class).forEach(row -> records.add(row.toRecord()));
        aggregates.findAll(ProducerIdRow.class).forEach(row -> records.add(row.toRecord()));
        return MetadataImage.EMPTY.applyAll(records, controller.nextOffset());
    }

    @Override
    public boolean touchSession(CoordinatorRow coordinator, int seenNodes) {
        return jdbc.update(
                        "UPDATE coordinator_sessions SET touch_count = touch_count + 1, seen_nodes"
                                + " = ? WHERE coordinator_id = ? AND incarnation_id = ?",
                        seenNodes,
                        coordinator.coordinatorId(),
                        coordinator.incarnationId())
                > 0;
    }

    @Override
    public void beginSession(CoordinatorRow coordinator) {
        jdbc.update(
                "DELETE FROM coordinator_sessions WHERE coordinator_id = ?",
                coordinator.coordinatorId());
        jdbc.update(
                "INSERT INTO coordinator_sessions (coordinator_id, incarnation_id, host, port,"
                        + " apis, touch_count) VALUES (?, ?, ?, ?, ?, 0)",
                coordinator.coordinatorId(),
                coordinator.incarnationId(),
                coordinator.host(),
                coordinator.port(),
                coordinator.apis());
    }

    @Override
    public List<Session> sessions() {
        return jdbc.query(
                "SELECT coordinator_id, incarnation_id, host, port, apis, touch_count, seen_nodes,"
                        + " leaving FROM coordinator_sessions",
                (result, index) ->
                        new Session(
                                new CoordinatorRow(
                                        result.getInt(1),
                                        result.getString(2),
                                        result.getString(3),
                                        result.getInt(4),
                                        result.getString(5)),
                                result.getLong(6),
                                result.getInt(7),
                                result.getBoolean(8)));
    }

    @Override
    public void leaveSession(CoordinatorRow coordinator) {
        jdbc.update(
                "UPDATE coordinator_sessions SET leaving = TRUE WHERE coordinator_id = ? AND"
                        + " incarnation_id = ?",
                coordinator.coordinatorId(),
                coordinator.incarnationId());
    }

    @Override
    public void endSession(CoordinatorRow coordinator) {
        jdbc.update(
                "DELETE FROM coordinator_sessions WHERE coordinator_id = ? AND incarnation_id = ?",
                coordinator.coordinatorId(),
                coordinator.incarnationId());
    }
}
