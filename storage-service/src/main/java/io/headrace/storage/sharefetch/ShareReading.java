package io.headrace.storage.sharefetch;

import io.headrace.storage.fetch.ColdRelease;
import io.headrace.storage.log.CorruptRangeException;
import io.headrace.storage.log.LogSlice;
import io.headrace.storage.partition.FetchQuery;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.partition.PartitionRead;
import io.headrace.storage.share.AcquireLimits;
import io.headrace.storage.share.AcquiredRange;
import io.headrace.storage.share.SharePartition;
import io.headrace.storage.share.ShareSettings;

import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * What one ShareFetch reads and acquires, within its limits. Owned by whichever loop has the
 * request.
 */
final class ShareReading {
    private static final Logger LOG = LoggerFactory.getLogger(ShareReading.class);

    /** Batches that are for nobody are passed over, but not for ever in one go. */
    private static final int MAX_READS = 32;

    /** Records from disk come in pieces of this size: few are acquired at a time. */
    private static final int MAX_COLD_BYTES = 4 << 20;

    private final ShareService service;
    private final ShareCall call;
    private final int minBytes;
    private final int maxBytes;
    private final int maxRecords;
    private final int batchSize;
    private final boolean strict;
    private long foundBytes;
    private long foundRecords;
    private long reservedBytes;

    ShareReading(ShareService service, ShareCall call) {
        this.service = service;
        this.call = call;
        ShareCall.Fetching fetch = call.fetch();
        this.minBytes = fetch == null ? 0 : fetch.minBytes();
        this.maxBytes =
                fetch == null ? 0 : Math.clamp(fetch.maxBytes(), 0, service.maxResponseBytes());
        this.maxRecords = fetch == null ? 0 : fetch.maxRecords();
        this.batchSize = fetch == null ? 0 : fetch.batchSize();
        this.strict = fetch != null && fetch.strict();
    }

    /** What a share partition with these settings may deliver. */
    static FetchQuery.Bound boundOf(ShareSettings settings) {
        return settings.readCommitted()
                ? FetchQuery.Bound.READ_COMMITTED
                : FetchQuery.Bound.READ_UNCOMMITTED;
    }

    void begin() {
        foundBytes = 0;
        foundRecords = 0;
    }

    /** Whether it may be given anything at all. */
    boolean canTake() {
        return maxBytes > 0 && maxRecords > 0;
    }

    // Whether there is enough.

    /** Whether it is to be seen first how much there is: any record is enough for most. */
    boolean isToMeasure() {
        return minBytes > 1 && canTake();
    }

    /** Whether there is as much as was asked for. */
    boolean hasEnough() {
        return foundBytes >= Math.min(minBytes, maxBytes);
    }

    /**
     * Counts the bytes from the next record to be delivered on, on the partition's loop; acquires
     * nothing. As in Kafka, records between them that others hold count too.
     */
    void measure(ShareEntry entry, Partition partition, LiveSharePartition live) {
        look(entry, live);
        if (hasEnough() || !live.isReady() || live.isReading() || !live.state().canAcquire()) {
            return;
        }
        PartitionRead read = read(partition, live.state(), maxBytes, true);
        if (read.error() != Errors.NONE) {
            entry.error = read.error();
            return;
        }
        switch (read.slice()) {
            case LogSlice.Empty empty -> {}
            case LogSlice.Warm warm -> {
                foundBytes += warm.sizeInBytes();
                warm.release();
            }
            case LogSlice.Cold cold -> foundBytes += maxBytes; // older ones: there are plenty
        }
    }

    /** Notes what there is, to know later whether there is more. */
    private static void look(ShareEntry entry, LiveSharePartition live) {
        entry.changesSeen = live.changes();
        if (live.isReady()) {
            live.followLog();
            entry.boundSeen = live.visibleBound();
        }
    }

    private static PartitionRead read(
            Partition partition, SharePartition state, int room, boolean atLeastOne) {
        return partition
                .reader()
                .read(
                        new FetchQuery(
                                state.nextFetchOffset(),
                                -1,
                                -1,
                                room,
                                atLeastOne,
                                boundOf(state.settings()),
                                false));
    }

    // Acquiring.

    /** Reads one partition on its loop and acquires, or prepares a read from disk. */
    void read(ShareEntry entry, Partition partition, LiveSharePartition live) {
        look(entry, live);
        int reads = 0;
        while (reads < MAX_READS && isWanted(live)) {
            reads++;
            if (!readOnce(entry, partition, live)) {
                break;
            }
        }
        if (reads == MAX_READS) {
            entry.changesSeen = -1; // there is more to pass over: not to be waited for
        }
    }

    private boolean isWanted(LiveSharePartition live) {
        return live.isReady()
                && !live.isReading()
                && foundRecords < maxRecords
                && foundBytes < maxBytes
                && live.state().canAcquire();
    }

    /** Whether nothing was acquired, but the next fetch offset moved: read again. */
    private boolean readOnce(ShareEntry entry, Partition partition, LiveSharePartition live) {
        SharePartition state = live.state();
        long offset = state.nextFetchOffset();
        int room = (int) (maxBytes - foundBytes);
        PartitionRead read = read(partition, state, room, foundRecords == 0);
        if (read.error() != Errors.NONE) {
            entry.error = read.error();
            return false;
        }
        return switch (read.slice()) {
            case LogSlice.Empty empty -> false;
            case LogSlice.Warm warm -> acquireWarm(entry, live, warm, read, offset);
            case LogSlice.Cold cold when room > MAX_COLD_BYTES -> {
                foundBytes = (long) maxBytes - MAX_COLD_BYTES; // a smaller one, and none after it
                yield true;
            }
            case LogSlice.Cold cold -> {
                live.beginRead();
                entry.cold =
                        new ShareEntry.ColdRead(
                                cold, offset, read.abortedTransactions(), Math.max(1, room));
                foundBytes += room;
                yield false;
            }
        };
    }

    private boolean acquireWarm(
            ShareEntry entry,
            LiveSharePartition live,
            LogSlice.Warm warm,
            PartitionRead read,
            long offset) {
        boolean isTaken = false;
        try {
            ScannedBatches scanned =
                    ScannedBatches.of(warm, read.abortedTransactions(), scanBound(live));
            List<AcquiredRange> acquired = acquire(live, scanned, offset);
            if (!acquired.isEmpty()) {
                ScannedBatches.Span span = scanned.spanOf(acquired);
                entry.onAcquired(warm, span, acquired);
                isTaken = true;
                foundBytes += span.sizeInBytes();
            }
        } catch (IOException e) {
            LOG.error("Cannot read {}", live.partition().id(), e);
            entry.error = Errors.KAFKA_STORAGE_ERROR;
        } finally {
            if (!isTaken) {
                warm.release();
            }
        }
        return !isTaken && entry.error == Errors.NONE && live.state().nextFetchOffset() > offset;
    }

    /** Nothing from here on can be acquired: the window ends before. */
    private static long scanBound(LiveSharePartition live) {
        SharePartition state = live.state();
        return Math.max(state.endOffset(), state.startOffset() + state.settings().maxRecordLocks());
    }

    private List<AcquiredRange> acquire(
            LiveSharePartition live, ScannedBatches scanned, long offset) {
        SharePartition state = live.state();
        List<AcquiredRange> acquired =
                state.acquire(
                        call.member().memberId(),
                        offset,
                        scanned.batches(),
                        new AcquireLimits(
                                (int) (maxRecords - foundRecords), Math.max(1, batchSize), strict),
                        service.nowMs());
        for (AcquiredRange range : acquired) {
            foundRecords += range.lastOffset() - range.firstOffset() + 1;
        }
        live.watchLocks();
        return acquired;
    }

    // From disk.

    /** How many bytes are to be read from disk, at most. */
    long coldBytes(List<ShareEntry> entries) {
        long bytes = 0;
        for (ShareEntry entry : entries) {
            ShareEntry.ColdRead cold = entry.cold;
            bytes += cold == null ? 0 : cold.reservedBytes();
        }
        return bytes;
    }

    /** Reads from disk, on an I/O thread. */
    void load(List<ShareEntry> entries) {
        for (ShareEntry entry : entries) {
            ShareEntry.ColdRead cold = entry.cold;
            if (cold != null) {
                service.metrics().onColdRead();
                try {
                    entry.loaded = cold.slice().load(ByteBuffer::allocate);
                } catch (CorruptRangeException e) {
                    onDamaged(entry, e);
                } catch (IOException | RuntimeException e) {
                    LOG.error("Cannot read {}", entry.id, e);
                    entry.error = Errors.KAFKA_STORAGE_ERROR;
                }
            }
        }
    }

    private void onDamaged(ShareEntry entry, CorruptRangeException damage) {
        LOG.warn("Damaged records at offset {}: {}", damage.fromOffset(), damage.getMessage());
        LiveSharePartition live = entry.live;
        if (live == null) {
            entry.error = Errors.CORRUPT_MESSAGE;
        } else {
            entry.repair = service.repairer().repair(live.partition().id(), damage.fromOffset());
        }
    }

    /**
     * Acquires what was read from disk, on the partition's loop.
     *
     * @param isValid whether this node leads still
     */
    void acquireLoaded(
            ShareEntry entry, Partition partition, LiveSharePartition live, boolean isValid) {
        ShareEntry.ColdRead cold = entry.cold;
        ByteBuffer bytes = entry.loaded;
        entry.cold = null;
        entry.loaded = null;
        if (cold == null) {
            return;
        }
        if (bytes != null && isValid && partition.log().isCurrent(cold.slice())) {
            live.followLog();
            ScannedBatches scanned = ScannedBatches.of(bytes, cold.aborted(), scanBound(live));
            List<AcquiredRange> acquired = acquire(live, scanned, cold.fetchOffset());
            if (!acquired.isEmpty()) {
                entry.onAcquired(bytes, scanned.spanOf(acquired), acquired);
            }
        }
        live.endRead();
        if (entry.acquired.isEmpty() && live.state().nextFetchOffset() == cold.fetchOffset()) {
            entry.changesSeen = live.changes(); // it would find the same again
        }
    }

    /** What was read from disk goes into the answer. */
    void keep(long reserved) {
        reservedBytes += reserved;
    }

    /** Gives the memory back once the answer is written. */
    ColdRelease release() {
        return new ColdRelease(service.coldReads(), reservedBytes);
    }
}
