package io.headrace.storage.segment;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * An index of fixed-size entries in ascending order of their key: a part in a file, and a tail that
 * is not written yet. Memory has the tail, and before it the last entries of the file that are
 * worth having at hand.
 *
 * <pre>
 *   by offset:  relative offset i32 | position i32              8 bytes, key: relative offset
 *   by time:    timestamp i64       | relative offset i32      12 bytes, key: timestamp
 * </pre>
 *
 * <p>Confined to the owner of the segment, but for {@link View}, which any thread may search.
 */
public final class SparseIndex {
    private static final byte[] EMPTY = new byte[0];
    private static final int FIRST_TAIL_ENTRIES = 8;

    private final Kind kind;
    private final Supplier<Path> path;
    private int fileCount;
    private byte[] memory = EMPTY;
    private int keptCount; // the first entries in memory, which are the last ones in the file
    private int tailCount;

    /** What an index is keyed by. */
    public enum Kind {
        BY_OFFSET(8),
        BY_TIME(12);

        final int entryBytes;

        Kind(int entryBytes) {
            this.entryBytes = entryBytes;
        }

        long key(ByteBuffer entries, int index) {
            return this == BY_OFFSET
                    ? entries.getInt(index * entryBytes)
                    : entries.getLong(index * entryBytes);
        }

        int value(ByteBuffer entries, int index) {
            return entries.getInt(index * entryBytes + entryBytes - Integer.BYTES);
        }
    }

    /** One entry; {@code key} is -1 when there is none. */
    public record Entry(long key, int value) {
        public static final Entry NONE = new Entry(-1, 0);

        public boolean isNone() {
            return key < 0;
        }
    }

    /**
     * An index whose file holds this many entries.
     *
     * @param path where the file is now; a rename of its directory changes it
     */
    public SparseIndex(Kind kind, Supplier<Path> path, int fileCount) {
        this.kind = kind;
        this.path = path;
        this.fileCount = fileCount;
    }

    /** Entries in all. */
    public int count() {
        return fileCount + tailCount;
    }

    /** Bytes in all, once written. */
    public long sizeInBytes() {
        return (long) count() * kind.entryBytes;
    }

    /** Adds an entry; its key must exceed every other. */
    public void append(long key, int value) {
        int count = keptCount + tailCount;
        int at = count * kind.entryBytes;
        if (at + kind.entryBytes > memory.length) {
            int entries = Math.max(FIRST_TAIL_ENTRIES, count + (count >> 1));
            memory = Arrays.copyOf(memory, entries * kind.entryBytes);
        }
        ByteBuffer buffer = ByteBuffer.wrap(memory);
        if (kind == Kind.BY_OFFSET) {
            buffer.putInt(at, (int) key);
        } else {
            buffer.putLong(at, key);
        }
        buffer.putInt(at + kind.entryBytes - Integer.BYTES, value);
        tailCount++;
    }

    /**
     * The value of the last entry in memory whose key is at most this one; -1 when every entry in
     * memory is larger, so that only the file, or the start of the segment, can tell.
     */
    public int floorValueInMemory(long key) {
        ByteBuffer entries = ByteBuffer.wrap(memory);
        int found = floor(entries, keptCount + tailCount, kind, key);
        return found < 0 ? -1 : kind.value(entries, found);
    }

    /** Whether all entries are in memory. */
    public boolean isInMemory() {
        return fileCount == keptCount;
    }

    /** What is there now, for any thread to search. */
    public View view() {
        return new View(kind, path, fileCount, memory, keptCount, tailCount);
    }

    /** The tail was written to the file up to that view's end. */
    public void onWritten(View written) {
        int count = written.fileCount + written.tailCount - fileCount;
        if (count < 0 || count > tailCount) {
            return; // truncated meanwhile
        }
        keptCount += count;
        tailCount -= count;
        fileCount += count;
    }

    /**
     * Of what is in the file memory forgets the entries of lower values than this one.
     *
     * @param keptMax and all but so many of the last
     */
    public void forgetBelow(long value, int keptMax) {
        ByteBuffer entries = ByteBuffer.wrap(memory);
        int first = Math.max(0, keptCount - keptMax);
        while (first < keptCount && kind.value(entries, first) < value) {
            first++;
        }
        boolean isWorthACopy = first == keptCount ? first > 0 : first > (keptCount + tailCount) / 2;
        if (isWorthACopy) {
            int count = keptCount + tailCount;
            memory = Arrays.copyOfRange(memory, first * kind.entryBytes, count * kind.entryBytes);
            keptCount -= first;
        }
    }

    private static int floor(ByteBuffer entries, int count, Kind kind, long key) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (kind.key(entries, middle) <= key) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    /** The entries of an index at one moment; immutable. Its methods may block on the disk. */
    public static final class View {
        private final Kind kind;
        private final Supplier<Path> path;
        private final int fileCount;
        private final byte[] memory;
        private final int keptCount;
        private final int tailCount;

        View(
                Kind kind,
                Supplier<Path> path,
                int fileCount,
                byte[] memory,
                int keptCount,
                int tailCount) {
            this.kind = kind;
            this.path = path;
            this.fileCount = fileCount;
            this.memory = memory;
            this.keptCount = keptCount;
            this.tailCount = tailCount;
        }

        /** Entries in all. */
        public int count() {
            return fileCount + tailCount;
        }

        /** The last entry whose key is at most this one. */
        public Entry floor(long key) throws IOException {
            ByteBuffer entries = ByteBuffer.wrap(memory);
            int found = SparseIndex.floor(entries, keptCount + tailCount, kind, key);
            if (found >= 0) {
                return new Entry(kind.key(entries, found), kind.value(entries, found));
            }
            ByteBuffer inFile = readFile();
            int inFileCount = inFile.remaining() / kind.entryBytes;
            int foundInFile = SparseIndex.floor(inFile, inFileCount, kind, key);
            return foundInFile < 0
                    ? Entry.NONE
                    : new Entry(kind.key(inFile, foundInFile), kind.value(inFile, foundInFile));
        }

        /** The last entry. */
        public Entry last() throws IOException {
            return floor(Long.MAX_VALUE);
        }

        /** The values of all entries above this one, in order: where batches begin further on. */
        public int[] valuesAbove(long value) throws IOException {
            ByteBuffer all = readAll();
            int entries = all.remaining() / kind.entryBytes;
            int first = countOfValuesUpTo(all, entries, value);
            int[] above = new int[entries - first];
            for (int i = 0; i < above.length; i++) {
                above[i] = kind.value(all, first + i);
            }
            return above;
        }

        private int countOfValuesUpTo(ByteBuffer all, int entries, long value) {
            int index = 0;
            while (index < entries && kind.value(all, index) <= value) {
                index++;
            }
            return index;
        }

        /** How many entries have a key below this one. */
        public int countBelow(long key) throws IOException {
            ByteBuffer all = readAll();
            return SparseIndex.floor(all, all.remaining() / kind.entryBytes, kind, key - 1) + 1;
        }

        /** How many entries, from the first on, have a value below this one. */
        public int countOfValuesBelow(long value) throws IOException {
            ByteBuffer all = readAll();
            int entries = all.remaining() / kind.entryBytes;
            int index = 0;
            while (index < entries && kind.value(all, index) < value) {
                index++;
            }
            return index;
        }

        private ByteBuffer readAll() throws IOException {
            ByteBuffer inFile = readFile();
            ByteBuffer all = ByteBuffer.allocate(inFile.remaining() + tailCount * kind.entryBytes);
            return all.put(inFile).put(tail()).flip();
        }

        private ByteBuffer tail() {
            return ByteBuffer.wrap(
                    memory, keptCount * kind.entryBytes, tailCount * kind.entryBytes);
        }

        /**
         * The part in the file. Reads all of it: a file is a thousandth of its segment, and a
         * search in it is on the cold path.
         */
        private ByteBuffer readFile() throws IOException {
            if (fileCount == 0) {
                return ByteBuffer.wrap(EMPTY);
            }
            ByteBuffer entries = ByteBuffer.allocate(fileCount * kind.entryBytes);
            try (FileChannel channel = FileChannel.open(path.get(), StandardOpenOption.READ)) {
                while (entries.hasRemaining() && channel.read(entries, entries.position()) >= 0) {
                    // until all is there
                }
            } catch (NoSuchFileException e) {
                return ByteBuffer.wrap(EMPTY); // lost: the search starts at the segment's start
            }
            entries.flip();
            return entries.limit(entries.limit() - entries.limit() % kind.entryBytes);
        }

        /**
         * As {@link #write}, but where there are no entries no file is made: many logs are always
         * empty.
         */
        public void writeEntries(boolean flush) throws IOException {
            if (fileCount + tailCount > 0 || Files.exists(path.get())) {
                write(flush);
            }
        }

        /** Writes the tail behind the part in the file, and cuts what is beyond. */
        public void write(boolean flush) throws IOException {
            try (FileChannel channel =
                    FileChannel.open(
                            path.get(), StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
                long start = (long) fileCount * kind.entryBytes;
                if (channel.size() > start) {
                    channel.truncate(start);
                }
                ByteBuffer bytes = tail();
                long at = start;
                while (bytes.hasRemaining()) {
                    at += channel.write(bytes, at);
                }
                if (flush) {
                    channel.force(true);
                }
            }
        }
    }
}
