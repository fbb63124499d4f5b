package io.headrace.storage.file;

import org.jspecify.annotations.Nullable;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An open file with a count of its users: it closes when the last one releases it, so a transfer in
 * flight never loses its file. All reads and writes name their position. Safe for use by several
 * threads.
 */
public final class LogFile {
    private final Path openedAt;
    private final FileChannel channel;
    private final @Nullable Object identity;
    private final AtomicInteger users = new AtomicInteger(1);

    private LogFile(Path openedAt, FileChannel channel) throws IOException {
        this.openedAt = openedAt;
        this.channel = channel;
        this.identity = FlushWitness.identify(openedAt);
    }

    /** Opens an existing file for reading and writing, with one user: the caller. */
    public static LogFile open(Path path) throws IOException {
        return new LogFile(
                path, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    /** Creates a file that must not exist yet, with one user: the caller. */
    public static LogFile create(Path path) throws IOException {
        LogFile created =
                new LogFile(
                        path,
                        FileChannel.open(
                                path,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.CREATE_NEW));
        FlushWitness.reset(created.identity, 0);
        return created;
    }

    /** The channel, for a transfer to a socket; the caller must hold a use and not close it. */
    public FileChannel channel() {
        return channel;
    }

    /**
     * Adds a user.
     *
     * @return false when the last user has left already, so that the file must be opened again
     */
    public boolean retain() {
        int seen = users.get();
        while (seen > 0) {
            if (users.compareAndSet(seen, seen + 1)) {
                return true;
            }
            seen = users.get();
        }
        return false;
    }

    /** Takes a user away; the last one closes the file. */
    public void release() {
        int left = users.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException(openedAt + " was released more often than retained");
        }
        if (left == 0) {
            try {
                channel.close();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException("Cannot close " + openedAt, e);
            }
        }
    }

    /** Writes all remaining bytes at a position. */
    public void write(ByteBuffer bytes, long position) throws IOException {
        long next = position;
        while (bytes.hasRemaining()) {
            next += channel.write(bytes, next);
        }
    }

    /**
     * Fills the buffer from a position.
     *
     * @throws EOFException when the file ends before the buffer is full
     */
    public void readFully(ByteBuffer into, long position) throws IOException {
        long next = position;
        while (into.hasRemaining()) {
            int count = channel.read(into, next);
            if (count < 0) {
                throw new EOFException(
                        openedAt
                                + " ends at "
                                + next
                                + ", "
                                + into.remaining()
                                + " bytes before the end of a read");
            }
            next += count;
        }
    }

    /**
     * Reads what there is, up to the buffer's room, from a position.
     *
     * @return the number of bytes read; 0 at the end of the file
     */
    public int readUpTo(ByteBuffer into, long position) throws IOException {
        int total = 0;
        while (into.hasRemaining()) {
            int count = channel.read(into, position + total);
            if (count < 0) {
                break;
            }
            total += count;
        }
        return total;
    }

    /**
     * Waits until the device has all bytes written before this call (fdatasync).
     *
     * @throws FlushFailedException when it may never have them
     */
    public void flush() throws IOException {
        long sizeInBytes = identity == null ? 0 : channel.size();
        try {
            channel.force(false);
        } catch (IOException e) {
            throw new FlushFailedException(openedAt, e);
        }
        FlushWitness.flushed(identity, sizeInBytes);
    }

    /** Cuts the file. */
    public void truncate(long sizeInBytes) throws IOException {
        channel.truncate(sizeInBytes);
        FlushWitness.reset(identity, sizeInBytes);
    }

    /** The size of the file. */
    public long sizeInBytes() throws IOException {
        return channel.size();
    }

    @Override
    public String toString() {
        return openedAt + " (" + users.get() + " users)";
    }
}
