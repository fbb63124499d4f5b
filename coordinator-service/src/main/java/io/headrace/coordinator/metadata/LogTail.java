package io.headrace.coordinator.metadata;

import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.metadata.MetadataBatches;
import io.headrace.protocol.metadata.MetadataImage;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;

/**
 * Brings the log in memory up to what SQL holds: row by row while it is the same history, from the
 * tables when it is not. Confined to the controller's thread; blocks.
 */
final class LogTail {
    private static final Logger log = LoggerFactory.getLogger(LogTail.class);
    private static final int ROWS = 500;

    private final MetadataStore store;
    private final MetadataLog metadataLog;

    LogTail(MetadataStore store, MetadataLog metadataLog) {
        this.store = store;
        this.metadataLog = metadataLog;
    }

    /**
     * Catches up.
     *
     * @param seen the controller row, just read
     * @return whether there is anything: not before the first take-over of a cluster
     */
    boolean follow(ControllerRow seen) {
        if (seen.nextOffset() == 0) {
            return false;
        }
        MetadataImage image = metadataLog.image();
        boolean sameEnd =
                seen.nextOffset() == image.nextOffset()
                        && seen.takeOverId().equals(image.takeOverId());
        if (!sameEnd
                && (image.clusterId().isEmpty()
                        || seen.nextOffset() <= image.nextOffset()
                        || !readOn())) {
            load();
        }
        return true;
    }

    /** Reads what came after the last row; false when that row is not in this history any more. */
    private boolean readOn() {
        LogRow last = metadataLog.lastRow();
        long from = last == null ? metadataLog.nextOffset() : last.baseOffset();
        List<LogRow> rows = store.readLog(from, ROWS);
        if (last != null) {
            if (rows.isEmpty()
                    || rows.getFirst().nextOffset() != last.nextOffset()
                    || !rows.getFirst().takeOverId().equals(last.takeOverId())) {
                return false;
            }
            rows = rows.subList(1, rows.size());
        }
        while (!rows.isEmpty()) {
            for (LogRow row : rows) {
                if (row.baseOffset() != metadataLog.nextOffset()) {
                    return false;
                }
                append(row);
            }
            rows =
                    rows.size() < ROWS - 1
                            ? List.of()
                            : store.readLog(rows.getLast().nextOffset(), ROWS);
        }
        return true;
    }

    private void append(LogRow row) {
        try {
            MetadataImage after =
                    metadataLog
                            .image()
                            .applyAll(MetadataBatches.decode(row.batch()), row.nextOffset());
            metadataLog.append(row, after);
        } catch (MalformedFrameException e) {
            throw new IllegalStateException(
                    "The metadata log holds a record that this version does not know, at offset "
                            + row.baseOffset()
                            + ": upgrade this coordinator",
                    e);
        }
    }

    /** Begins anew from the tables. */
    void load() {
        MetadataStore.Loaded loaded = store.load(MetadataLog.MAX_BATCHES);
        if (!metadataLog.image().clusterId().isEmpty()) {
            log.warn(
                    "The metadata in SQL is not what this coordinator knew: from offset {} it goes"
                            + " to {}",
                    metadataLog.nextOffset(),
                    loaded.image().nextOffset());
        }
        metadataLog.reset(loaded.image(), loaded.rows());
    }
}
