package io.headrace.storage.sharefetch;

import io.headrace.protocol.batch.BatchDescriptor;
import io.headrace.protocol.batch.BatchView;
import io.headrace.protocol.batch.read.AbortedTransaction;
import io.headrace.protocol.batch.read.BatchVisibility;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.log.LogSlice;
import io.headrace.storage.share.AcquiredRange;
import io.headrace.storage.share.FetchedBatch;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The whole batches of a read: what their headers say, and where they lie in it. */
final class ScannedBatches {
    private static final int MAX_MARKER_BYTES = 4096;

    private final BatchVisibility visibility;
    private final List<FetchedBatch> batches = new ArrayList<>();
    private final List<Place> places = new ArrayList<>();

    private record Place(int start, int end) {}

    private ScannedBatches(@Nullable List<AbortedTransaction> aborted) {
        this.visibility =
                aborted == null
                        ? BatchVisibility.readUncommitted()
                        : BatchVisibility.readCommitted(aborted);
    }

    /** The bytes in a read that hold certain batches. */
    record Span(int start, int end) {
        int sizeInBytes() {
            return end - start;
        }
    }

    /**
     * Reads the headers in a buffer of whole batches.
     *
     * @param aborted the aborted transactions for read_committed, else null
     * @param bound batches that begin here or after are left out
     */
    static ScannedBatches of(
            ByteBuffer bytes, @Nullable List<AbortedTransaction> aborted, long bound) {
        ScannedBatches scanned = new ScannedBatches(aborted);
        int at = bytes.position();
        while (at + BatchDescriptor.HEADER_BYTES <= bytes.limit()) {
            int size = BatchView.sizeInBytes(bytes, at);
            if (size < BatchDescriptor.HEADER_BYTES
                    || size > bytes.limit() - at
                    || BatchView.baseOffset(bytes, at) >= bound) {
                break;
            }
            scanned.add(bytes, at, at - bytes.position(), size);
            at += size;
        }
        return scanned;
    }

    /** Reads the headers in a range of the active file, which is in memory. */
    static ScannedBatches of(
            LogSlice.Warm slice, @Nullable List<AbortedTransaction> aborted, long bound)
            throws IOException {
        ScannedBatches scanned = new ScannedBatches(aborted);
        LogFile file = slice.file();
        ByteBuffer header = ByteBuffer.allocate(BatchDescriptor.HEADER_BYTES);
        int at = 0;
        while (at + BatchDescriptor.HEADER_BYTES <= slice.sizeInBytes()) {
            file.readFully(header.clear(), slice.position() + at);
            header.flip();
            int size = BatchView.sizeInBytes(header, 0);
            if (size < BatchDescriptor.HEADER_BYTES
                    || size > slice.sizeInBytes() - at
                    || BatchView.baseOffset(header, 0) >= bound) {
                break;
            }
            ByteBuffer batch = header;
            if (BatchView.isControl(header, 0) && size <= MAX_MARKER_BYTES) {
                batch = ByteBuffer.allocate(size);
                file.readFully(batch, slice.position() + at);
                batch.flip();
            }
            scanned.add(batch, 0, at, size);
            at += size;
        }
        return scanned;
    }

    private void add(ByteBuffer bytes, int index, int start, int size) {
        batches.add(
                new FetchedBatch(
                        BatchView.baseOffset(bytes, index),
                        BatchView.lastOffset(bytes, index),
                        visibility.isVisible(bytes, index)));
        places.add(new Place(start, start + size));
    }

    List<FetchedBatch> batches() {
        return batches;
    }

    /** The bytes that hold what was acquired. */
    Span spanOf(List<AcquiredRange> acquired) {
        long first = acquired.getFirst().firstOffset();
        long last = acquired.getLast().lastOffset();
        int start = -1;
        int end = -1;
        for (int i = 0; i < batches.size(); i++) {
            FetchedBatch batch = batches.get(i);
            if (batch.lastOffset() >= first && batch.baseOffset() <= last) {
                start = start < 0 ? places.get(i).start() : start;
                end = places.get(i).end();
            }
        }
        if (start < 0) {
            throw new IllegalStateException("Acquired what was not read: " + acquired);
        }
        return new Span(start, end);
    }
}
