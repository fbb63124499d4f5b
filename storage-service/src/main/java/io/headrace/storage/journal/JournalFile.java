package io.headrace.storage.journal;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.LogFile;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A file of zeros written ahead that takes entries one after the other, overwriting in place, and
 * begins anew when all of them are void.
 *
 * <pre>
 *   block 0, 1     magic i64 | generation i64 | salt i64 | crc u32      the higher generation counts
 *   from block 2   entries of that generation, each from a block's start on
 * </pre>
 *
 * A generation is begun by writing the block of the header that does not count: a torn write leaves
 * the generation before, with its entries. Not safe for use by several threads at once.
 */
final class JournalFile implements AutoCloseable {
    static final int BLOCK_BYTES = 4096;
    static final int ENTRIES_AT = 2 * BLOCK_BYTES;

    private static final long MAGIC = 0x4852_5045_4e44_0001L; // its last two bytes: the version
    private static final int HEADER_BYTES = 28;
    private static final int HEADER_CRC_AT = 24;

    private final LogFile file;
    private final long sizeInBytes;
    private long generation;
    private long salt;
    private long end = ENTRIES_AT;

    private JournalFile(LogFile file, long sizeInBytes, long generation, long salt) {
        this.file = file;
        this.sizeInBytes = sizeInBytes;
        this.generation = generation;
        this.salt = salt;
    }

    /** Makes one without entries; durable, with its name. */
    static JournalFile create(Path path, int sizeInBytes, long generation, long salt)
            throws IOException {
        ByteBuffer header = header(generation, salt);
        LogFile file = fill(path, sizeInBytes, header, headerAt(generation));
        return new JournalFile(file, sizeInBytes, generation, salt);
    }

    /** Makes a file that only keeps its room; durable, with its name. */
    static void createSpare(Path path, int sizeInBytes) throws IOException {
        fill(path, sizeInBytes, ByteBuffer.allocate(0), 0).release();
    }

    /** The two blocks take turns, so that one of them is whole. */
    private static long headerAt(long generation) {
        return (generation & 1) * BLOCK_BYTES;
    }

    private static LogFile fill(Path path, int sizeInBytes, ByteBuffer header, long headerAt)
            throws IOException {
        Path unfinished = unfinishedOf(path);
        Files.deleteIfExists(unfinished);
        LogFile file = LogFile.create(unfinished);
        try {
            ByteBuffer zeros = ByteBuffer.allocate(64 << 10);
            for (long at = 0; at < sizeInBytes; at += zeros.capacity()) {
                file.write(zeros.clear().limit((int) Math.min(64 << 10, sizeInBytes - at)), at);
            }
            file.write(header, headerAt);
            file.flush();
            Directories.rename(unfinished, path);
            Directories.flush(Directories.parentOf(path));
            return file;
        } catch (IOException e) {
            file.release();
            Files.deleteIfExists(unfinished); // on a full disk its bytes are wanted
            throw e;
        }
    }

    /** The name of a file that is being made. */
    static Path unfinishedOf(Path path) {
        return path.resolveSibling(path.getFileName() + ".tmp");
    }

    /** Opens one that an earlier life made. */
    static JournalFile open(Path path) throws IOException {
        LogFile file = LogFile.open(path);
        try {
            file.flush(); // a header that only the page cache has must not be the older one next
            ByteBuffer blocks = ByteBuffer.allocate(ENTRIES_AT);
            file.readUpTo(blocks, 0);
            ByteBuffer header = newerHeader(blocks);
            if (header == null) {
                throw new IOException(
                        path
                                + " is damaged, or of another version: the newest records of this"
                                + " directory may be in it only. Restore it, or remove it to go on"
                                + " without them");
            }
            return new JournalFile(file, file.sizeInBytes(), header.getLong(8), header.getLong(16));
        } catch (IOException e) {
            file.release();
            throw e;
        }
    }

    private static @Nullable ByteBuffer newerHeader(ByteBuffer blocks) {
        ByteBuffer newer = null;
        for (int at = 0; at < ENTRIES_AT; at += BLOCK_BYTES) {
            ByteBuffer header = blocks.slice(at, HEADER_BYTES);
            boolean isWhole =
                    header.getLong(0) == MAGIC && header.getInt(HEADER_CRC_AT) == crcOf(header);
            if (isWhole && (newer == null || header.getLong(8) > newer.getLong(8))) {
                newer = header;
            }
        }
        return newer;
    }

    private static ByteBuffer header(long generation, long salt) {
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        header.putLong(MAGIC).putLong(generation).putLong(salt);
        return header.putInt(crcOf(header)).flip();
    }

    private static int crcOf(ByteBuffer header) {
        CRC32C crc = new CRC32C();
        crc.update(header.slice(0, HEADER_CRC_AT));
        return (int) crc.getValue();
    }

    /** Entries of a larger generation are newer, also those of the other file. */
    long generation() {
        return generation;
    }

    /** How many bytes an entry may have at most to be appended now. */
    long roomBytes() {
        return Math.max(0, sizeInBytes - end);
    }

    /** The room of one without entries. */
    long capacityBytes() {
        return sizeInBytes - ENTRIES_AT;
    }

    /**
     * Appends an entry; durable when it returns.
     *
     * @param copies how often it is written, by one write
     * @param buffer has room for them, rounded up to whole blocks
     */
    void append(List<JournalPiece> pieces, int copies, ByteBuffer buffer) throws IOException {
        buffer.clear();
        for (int i = 0; i < copies; i++) {
            JournalEntry.encode(pieces, generation, salt, buffer);
            while (buffer.position() % BLOCK_BYTES != 0) {
                buffer.put((byte) 0);
            }
        }
        buffer.flip();
        int size = buffer.remaining();
        file.write(buffer, end);
        file.flush();
        end += size;
    }

    /**
     * Makes all entries void; durable when it returns.
     *
     * @param newest the largest generation of both files: the next one is larger
     */
    void restart(long newest, long newSalt) throws IOException {
        long next = Math.max(generation, newest) + 1;
        if (headerAt(next) == headerAt(generation)) {
            next++;
        }
        file.write(header(next, newSalt), headerAt(next));
        file.flush();
        generation = next;
        salt = newSalt;
        end = ENTRIES_AT;
    }

    /**
     * What the entries hold. Also of those behind a damaged one: that is the last, of which nobody
     * was told, or one that the disk damaged later; then the promises behind it tell what is lost.
     */
    List<StoredPiece> read() throws IOException {
        ByteBuffer content = ByteBuffer.allocate((int) Math.max(0, capacityBytes()));
        file.readUpTo(content, ENTRIES_AT);
        content.flip();
        List<StoredPiece> pieces = new ArrayList<>();
        int index = 0;
        while (index < content.limit()) {
            int size = JournalEntry.sizeAt(content, index, generation, salt);
            if (size > 0) {
                JournalEntry.decode(content, index, size, pieces::add);
            }
            index += size > 0 ? roundedUp(size) : BLOCK_BYTES;
        }
        return pieces;
    }

    static int roundedUp(int sizeInBytes) {
        return Math.ceilDiv(sizeInBytes, BLOCK_BYTES) * BLOCK_BYTES;
    }

    @Override
    public void close() {
        file.release();
    }
}
