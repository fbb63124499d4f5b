package io.headrace.storage.file;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.Set;

/**
 * Reads past the page cache (O_DIRECT) into memory that is used again and again, for what is not in
 * the page cache and will hardly be read a second time soon. A reader of old records then pushes
 * nothing out that others read, and costs a fraction of the processor time: filling pages that
 * nobody had at hand takes longer than the device's own read.
 *
 * <p>Bounded: {@value #BUFFERS_MAX} buffers. What was read ahead and not asked for since is given
 * up when a buffer is needed. Blocks on the device. Safe for use by several threads.
 */
public final class DirectReads {
    private static final int BUFFERS_MAX = 16;
    private static final int BUFFER_BYTES = (1 << 20) + (64 << 10);

    private final Queue<ByteBuffer> free = new ArrayDeque<>();
    private final Set<Loaded> ahead = new LinkedHashSet<>();
    private int made;
    private long reads;
    private volatile boolean possible = true;

    /** Bytes of a file in memory; whoever has them gives them back once. */
    public final class Loaded {
        private final ByteBuffer buffer;
        private final ByteBuffer bytes;

        private Loaded(ByteBuffer buffer, ByteBuffer bytes) {
            this.buffer = buffer;
            this.bytes = bytes;
        }

        /** From position 0 on; not to be used after {@link #release}. */
        public ByteBuffer bytes() {
            return bytes;
        }

        public void release() {
            giveBack(buffer);
        }

        /** Nobody asked for them yet: they may be given up. */
        public void lay() {
            synchronized (DirectReads.this) {
                ahead.add(this);
            }
        }

        /** Takes them up again; false if they were given up, or somebody else has. */
        public boolean take() {
            synchronized (DirectReads.this) {
                return ahead.remove(this);
            }
        }
    }

    /**
     * Reads so many bytes.
     *
     * @return null when they are in the page cache, are too many, or the file ends before; when all
     *     buffers are in use, or the file system cannot: then they are to be read in the usual way,
     *     which also tells what is wrong
     */
    public @Nullable Loaded read(Path path, long position, int sizeInBytes) {
        long from = DirectFile.floor(position);
        int offset = (int) (position - from);
        long room = DirectFile.ceiling((long) offset + sizeInBytes);
        if (!possible || room > BUFFER_BYTES) {
            return null;
        }
        try (FileChannel file = DirectFile.open(path)) {
            if (file == null) {
                possible = !Files.exists(path);
                return null;
            }
            if (isCached(file, position, sizeInBytes)) {
                return null;
            }
            ByteBuffer buffer = borrow();
            if (buffer == null) {
                return null;
            }
            boolean isWhole = false;
            try {
                isWhole = fill(file, buffer.clear().limit((int) room), from, offset + sizeInBytes);
            } finally {
                if (!isWhole) {
                    giveBack(buffer);
                }
            }
            return isWhole ? new Loaded(buffer, buffer.slice(offset, sizeInBytes)) : null;
        } catch (IOException e) {
            return null;
        }
    }

    private boolean fill(FileChannel file, ByteBuffer buffer, long from, int wanted) {
        try {
            while (buffer.position() < wanted) {
                int count = file.read(buffer, from + buffer.position());
                if (count <= 0 || buffer.position() % DirectFile.ALIGNMENT != 0) {
                    break; // the file ends here
                }
            }
        } catch (IOException e) {
            possible = false; // some file systems say so only now
            return false;
        }
        synchronized (this) {
            reads++;
        }
        return buffer.position() >= wanted;
    }

    /**
     * Whether all of it is in the page cache. The channel must not be open for writing: mapping
     * beyond the end would make the file longer.
     */
    private static boolean isCached(FileChannel file, long position, int sizeInBytes)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            return file.map(MapMode.READ_ONLY, position, sizeInBytes, arena).isLoaded();
        }
    }

    private synchronized @Nullable ByteBuffer borrow() {
        ByteBuffer buffer = free.poll();
        if (buffer != null) {
            return buffer;
        }
        if (made < BUFFERS_MAX) {
            made++;
            return DirectFile.aligned(BUFFER_BYTES);
        }
        Iterator<Loaded> oldest = ahead.iterator();
        if (!oldest.hasNext()) {
            return null;
        }
        ByteBuffer givenUp = oldest.next().buffer;
        oldest.remove();
        return givenUp;
    }

    private synchronized void giveBack(ByteBuffer buffer) {
        free.add(buffer);
    }

    /** How often the device was asked. */
    public synchronized long count() {
        return reads;
    }
}
