package io.headrace.storage.log;

import io.headrace.storage.file.DirectReads;
import io.headrace.storage.file.LogFile;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.IntFunction;

/**
 * What a read found: nothing yet, a file range that an event loop may send, or a range that an I/O
 * thread must load first.
 */
public sealed interface LogSlice permits LogSlice.Empty, LogSlice.Warm, LogSlice.Cold {

    /** There is nothing below the bound at the offset yet. */
    record Empty() implements LogSlice {}

    /**
     * Verified bytes in the page cache: the event loop may send them from the file. The holder owns
     * one use of the file and releases it after the transfer.
     *
     * @param file the segment's file
     * @param position where the batch that contains the fetch offset begins
     * @param sizeInBytes at least one byte; may end inside a batch, as in Kafka, but never inside
     *     the first when the reader asked for at least one message
     * @param nextPosition hint: where this range ends in the segment
     */
    record Warm(LogFile file, long position, int sizeInBytes, long nextPosition)
            implements LogSlice, Checked {
        /** Gives the file back; exactly once. */
        @Override
        public void release() {
            file.release();
        }
    }

    /** Whole valid batches, just read. The holder releases them after they are sent. */
    sealed interface Checked permits Warm, Loaded {
        int sizeInBytes();

        /** Exactly once. */
        void release();
    }

    /**
     * Whole valid batches in memory, read past the page cache.
     *
     * @param bytes from position to limit
     * @param memory where they are
     */
    record Loaded(ByteBuffer bytes, DirectReads.Loaded memory) implements Checked {
        @Override
        public int sizeInBytes() {
            return bytes.remaining();
        }

        @Override
        public void release() {
            memory.release();
        }
    }

    /** Bytes that must be read and checked by an I/O thread. */
    interface ColdRead {
        /**
         * Reads whole batches and checks their CRCs: blocks on the disk, so never on an event loop.
         *
         * @param allocate gives a buffer with at least that many bytes of room (position 0)
         * @return whole valid batches, flipped for reading; empty when the first batch lies beyond
         *     the bound
         * @throws CorruptRangeException when the batch at the offset is damaged or lost: the answer
         *     is CORRUPT_MESSAGE
         * @throws IOException when the disk fails
         */
        ByteBuffer load(IntFunction<ByteBuffer> allocate) throws IOException;

        /**
         * As {@link #load}, but the bytes stay in the file, from where an event loop may send them,
         * since they are valid and were just read; or they are in memory that is given back. For a
         * reader that goes on, the range after them is read meanwhile.
         *
         * @return the caller's to release; null when there is nothing below the bound
         */
        @Nullable Checked verify() throws IOException;
    }

    /**
     * Bytes that are not known to be valid and in memory. Load on an I/O thread, then ask {@link
     * PartitionLog#isCurrent} on the owner loop before answering: the log may have been truncated
     * meanwhile.
     *
     * @param truncations the log's count of truncations when the slice was made
     */
    record Cold(ColdRead read, long truncations) implements LogSlice {
        /** See {@link ColdRead#load}. */
        public ByteBuffer load(IntFunction<ByteBuffer> allocate) throws IOException {
            return read.load(allocate);
        }

        /** See {@link ColdRead#verify}. */
        public @Nullable Checked verify() throws IOException {
            return read.verify();
        }
    }
}
