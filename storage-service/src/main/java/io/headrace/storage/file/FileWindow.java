package io.headrace.storage.file;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.LongConsumer;

/**
 * A window that is moved over a file, for reading it once from end to end. For one thread.
 *
 * <p>Past the page cache where the file system can (O_DIRECT): then what is read is what the device
 * has, and nothing warm is pushed out.
 */
public final class FileWindow implements AutoCloseable {
    private static final int WINDOW_BYTES = 256 << 10;

    private final FileChannel channel;
    private final LongConsumer onBytes;
    private ByteBuffer buffer = ByteBuffer.allocate(0);
    private long bufferPosition;
    private int index;

    private FileWindow(FileChannel channel, LongConsumer onBytes) {
        this.channel = channel;
        this.onBytes = onBytes;
    }

    /**
     * Opens a file.
     *
     * @param onBytes hears how many bytes are about to be read, and may wait
     */
    public static FileWindow open(Path path, boolean pastPageCache, LongConsumer onBytes)
            throws IOException {
        FileChannel direct = pastPageCache ? openDirect(path) : null;
        return new FileWindow(
                direct == null ? FileChannel.open(path, StandardOpenOption.READ) : direct, onBytes);
    }

    /** Null where the file system has no such mode. */
    private static @Nullable FileChannel openDirect(Path path) throws IOException {
        FileChannel opened = DirectFile.open(path);
        if (opened == null) {
            return null;
        }
        try {
            opened.read(DirectFile.aligned(DirectFile.ALIGNMENT), 0);
            return opened;
        } catch (IOException e) {
            opened.close();
            return null;
        }
    }

    /**
     * Makes so many bytes from a position on lie in the buffer at {@link #index}.
     *
     * @return false when the file ends before
     */
    public boolean load(long position, int count) throws IOException {
        long offset = position - bufferPosition;
        if (offset >= 0 && offset + count <= buffer.limit()) {
            index = (int) offset;
            return true;
        }
        long from = DirectFile.floor(position);
        long wanted = Math.max(WINDOW_BYTES, position - from + count);
        int room = Math.toIntExact(DirectFile.ceiling(wanted));
        if (buffer.capacity() < room) {
            buffer = DirectFile.aligned(room);
        }
        onBytes.accept(Math.max(0, Math.min(room, channel.size() - from)));
        buffer.clear().limit(room);
        bufferPosition = from;
        index = (int) (position - from);
        long next = from;
        while (buffer.hasRemaining() && next % DirectFile.ALIGNMENT == 0) {
            int read = channel.read(buffer, next);
            if (read <= 0) {
                break;
            }
            next += read;
        }
        buffer.flip();
        return buffer.limit() - index >= count;
    }

    /** What is loaded; absolute positions only. */
    public ByteBuffer buffer() {
        return buffer;
    }

    /** Where the position last asked for lies in the buffer. */
    public int index() {
        return index;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
