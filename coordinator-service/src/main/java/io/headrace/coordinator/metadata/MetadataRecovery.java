package io.headrace.coordinator.metadata;

import io.headrace.coordinator.recovery.RecoveryPlan;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.SnapshotRecords;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A database whose metadata may have lost committed changes: what it holds, and the exchange of
 * that for what a {@link RecoveryPlan} says. Coordinators may run on it: whoever has the role is
 * deposed by the exchange.
 */
public final class MetadataRecovery {
    private final Database database;
    private final SqlStore store;
    private final ControllerRow seen;
    private final MetadataLog history = new MetadataLog();

    private MetadataRecovery(Database database, SqlStore store, ControllerRow seen) {
        this.database = database;
        this.store = store;
        this.seen = seen;
    }

    /**
     * Reads what the database holds.
     *
     * @throws IOException if it holds no cluster
     */
    public static MetadataRecovery open(Database database) throws IOException {
        SqlStore store = new SqlStore(database.dataSource());
        ControllerRow row = MetadataArchive.found(store);
        if (row.nextOffset() == 0) {
            throw new IOException("This database holds no cluster yet");
        }
        MetadataRecovery recovery = new MetadataRecovery(database, store, row);
        MetadataStore.Loaded loaded = store.load(MetadataLog.MAX_BATCHES);
        recovery.history.reset(loaded.image(), loaded.rows());
        if (loaded.image().nextOffset() != row.nextOffset()) {
            throw new IOException("The database changes just now: try again");
        }
        return recovery;
    }

    /** What the database holds. */
    public MetadataImage image() {
        return history.image();
    }

    /** Whether the last record that an image has applied is in this database's log. */
    public boolean isInHistory(MetadataImage image) {
        return !history.read(image.nextOffset(), image.takeOverId(), 1).diverged();
    }

    /**
     * Does what a plan says, in one transaction, after everything before was written to a file.
     *
     * @param backup a new file, as {@link MetadataArchive#export} writes it
     * @throws IOException if the plan cannot be applied, or the database has changed since it was
     *     read; nothing is changed then
     */
    public void apply(RecoveryPlan plan, Path backup) throws IOException {
        if (!plan.isApplicable()) {
            throw new IOException("This plan cannot be applied: " + plan.refusals());
        }
        MetadataArchive.export(database, backup);
        database.migrate();
        MetadataImage recovered = plan.recovered();
        ControllerRow row =
                new ControllerRow(
                        recovered.clusterId(),
                        recovered.controllerEpoch(),
                        ControllerRow.NOBODY,
                        recovered.takeOverId(),
                        recovered.nextOffset(),
                        0);
        if (!store.replace(seen, row, SnapshotRecords.of(recovered))) {
            throw new IOException(
                    "The database has changed since it was read: nothing was done, try again");
        }
    }
}
