package io.headrace.coordinator.metadata;

import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * The committed end of the metadata log in memory, with those who wait for more of it.
 *
 * <p>Written by the controller's thread after each commit, read from any thread. It keeps a bounded
 * number of batches; who is behind its start is given a snapshot.
 */
public final class MetadataLog implements ClusterMetadata {
    static final int MAX_BATCHES = 10_000;
    private static final int MAX_BYTES = 16 << 20;
    private static final int MAX_WAITING = 10_000;

    private final TreeMap<Long, LogRow> batches = new TreeMap<>();
    private final Map<Object, Waiting> waiting = new LinkedHashMap<>();
    private final List<Consumer<MetadataImage>> listeners = new CopyOnWriteArrayList<>();
    private final ArrayDeque<MetadataSnapshot> snapshots = new ArrayDeque<>();
    private long sizeInBytes;
    private long logStartOffset;
    private volatile MetadataImage image = MetadataImage.EMPTY;

    /** Someone who asked at the end of the log. */
    private record Waiting(long offset, Runnable wake) {}

    /**
     * What there is at an offset.
     *
     * @param batches whole batches from the asked offset on; empty at the end of the log
     * @param snapshotNeeded whether the offset lies before the start of the log
     * @param diverged whether the reader's last batch is not in this log's history
     */
    public record Slice(
            List<ByteBuffer> batches,
            long logStartOffset,
            long nextOffset,
            long controllerEpoch,
            boolean snapshotNeeded,
            boolean diverged) {}

    @Override
    public MetadataImage image() {
        return image;
    }

    @Override
    public Runnable subscribe(Consumer<MetadataImage> listener) {
        synchronized (listeners) {
            listeners.add(listener);
            listener.accept(image);
        }
        return () -> listeners.remove(listener);
    }

    /** Begins anew from what was loaded. */
    void reset(MetadataImage loaded, List<LogRow> rows) {
        List<Waiting> woken;
        synchronized (this) {
            batches.clear();
            snapshots.clear();
            sizeInBytes = 0;
            logStartOffset = rows.isEmpty() ? loaded.nextOffset() : rows.getFirst().baseOffset();
            for (LogRow row : rows) {
                batches.put(row.baseOffset(), row);
                sizeInBytes += row.sizeInBytes();
            }
            trim();
            image = loaded;
            woken = new ArrayList<>(waiting.values());
            waiting.clear();
        }
        publish(loaded, woken);
    }

    /** Adds a committed batch and the image after it, and wakes who waits. */
    void append(LogRow row, MetadataImage after) {
        List<Waiting> woken;
        synchronized (this) {
            batches.put(row.baseOffset(), row);
            sizeInBytes += row.sizeInBytes();
            trim();
            image = after;
            woken = new ArrayList<>(waiting.values());
            waiting.clear();
        }
        publish(after, woken);
    }

    private void publish(MetadataImage newest, List<Waiting> woken) {
        synchronized (listeners) {
            for (Consumer<MetadataImage> listener : listeners) {
                listener.accept(newest);
            }
        }
        for (Waiting waiter : woken) {
            waiter.wake().run();
        }
    }

    private void trim() {
        while (batches.size() > MAX_BATCHES || (sizeInBytes > MAX_BYTES && batches.size() > 1)) {
            LogRow oldest = batches.pollFirstEntry().getValue();
            sizeInBytes -= oldest.sizeInBytes();
            logStartOffset = oldest.nextOffset();
        }
    }

    /** The newest batch that is here, or null. */
    synchronized @Nullable LogRow lastRow() {
        Map.Entry<Long, LogRow> last = batches.lastEntry();
        return last == null ? null : last.getValue();
    }

    /** The first offset that is still here. */
    public synchronized long logStartOffset() {
        return logStartOffset;
    }

    public long nextOffset() {
        return image.nextOffset();
    }

    /**
     * Reads from an offset.
     *
     * @param takeOverId the take-over of the last batch that the reader applied, or zero when it
     *     does not say
     * @param maxBytes where to stop; the first batch is read whatever its size
     */
    public synchronized Slice read(long offset, Uuid takeOverId, int maxBytes) {
        long nextOffset = image.nextOffset();
        boolean diverged =
                offset > nextOffset || (offset > logStartOffset && isForeign(offset, takeOverId));
        boolean snapshotNeeded = !diverged && offset < logStartOffset;
        List<ByteBuffer> found = new ArrayList<>();
        if (!diverged && !snapshotNeeded && offset < nextOffset) {
            Long first = batches.floorKey(offset);
            long left = maxBytes;
            for (LogRow row : batches.tailMap(first == null ? offset : first).values()) {
                left -= row.sizeInBytes();
                if (left < 0 && !found.isEmpty()) {
                    break;
                }
                found.add(row.batch().duplicate());
            }
        }
        return new Slice(
                found,
                logStartOffset,
                nextOffset,
                image.controllerEpoch(),
                snapshotNeeded,
                diverged);
    }

    private boolean isForeign(long offset, Uuid takeOverId) {
        Map.Entry<Long, LogRow> last = batches.floorEntry(offset - 1);
        return last != null
                && !takeOverId.equals(Uuid.ZERO_UUID)
                && !takeOverId.equals(last.getValue().takeOverId());
    }

    /**
     * Waits for the log to pass an offset.
     *
     * @param wake run once, on any thread, when it has
     * @return a token to stop waiting with; null when there is something already, or too many wait
     */
    public @Nullable Object await(long offset, Runnable wake) {
        synchronized (this) {
            if (image.nextOffset() > offset || waiting.size() >= MAX_WAITING) {
                return null;
            }
            Object token = new Object();
            waiting.put(token, new Waiting(offset, wake));
            return token;
        }
    }

    /** Stops waiting; false if it was woken already. */
    public synchronized boolean cancel(Object token) {
        return waiting.remove(token) != null;
    }

    /** The snapshot to start from: the newest image, or the one lately handed out. */
    public MetadataSnapshot newestSnapshot() {
        MetadataImage now = image;
        synchronized (this) {
            MetadataSnapshot last = snapshots.peekLast();
            if (last != null && last.endOffset() >= logStartOffset) {
                return last;
            }
        }
        MetadataSnapshot made = MetadataSnapshot.of(now);
        synchronized (this) {
            snapshots.add(made);
            if (snapshots.size() > 2) {
                snapshots.poll();
            }
        }
        return made;
    }

    /** The snapshot of that identity, while it is kept. */
    public synchronized @Nullable MetadataSnapshot snapshot(long endOffset, long controllerEpoch) {
        for (MetadataSnapshot snapshot : snapshots) {
            if (snapshot.endOffset() == endOffset
                    && snapshot.controllerEpoch() == controllerEpoch) {
                return snapshot;
            }
        }
        return null;
    }
}
