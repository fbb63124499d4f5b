package io.headrace.testkit.disk;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonReadableChannelException;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.OverlappingFileLockException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Set;

/** An open file, or a directory opened to be forced, of a {@link SimulatedDisk}. */
final class SimulatedFileChannel extends FileChannel {
    private static final int TRANSFER_CHUNK_BYTES = 1 << 16;

    private final Volume volume;
    private final Inode inode;
    private final Path path;
    private final Set<StandardOpenOption> options;
    private long position;
    private @Nullable Lock held;

    private SimulatedFileChannel(
            Volume volume, Inode inode, Path path, Set<StandardOpenOption> options) {
        this.volume = volume;
        this.inode = inode;
        this.path = path;
        this.options = options;
    }

    static SimulatedFileChannel open(Volume volume, Path path, Set<StandardOpenOption> options)
            throws IOException {
        boolean writes =
                options.contains(StandardOpenOption.WRITE)
                        || options.contains(StandardOpenOption.APPEND);
        Inode inode =
                volume.open(
                        path,
                        options.contains(StandardOpenOption.CREATE),
                        options.contains(StandardOpenOption.CREATE_NEW),
                        writes);
        SimulatedFileChannel channel = new SimulatedFileChannel(volume, inode, path, options);
        if (writes && inode instanceof FileInode file) {
            if (options.contains(StandardOpenOption.TRUNCATE_EXISTING)) {
                volume.truncate(file, path, 0);
            }
            if (options.contains(StandardOpenOption.APPEND)) {
                channel.position = file.bytes().sizeInBytes();
            }
        }
        return channel;
    }

    private FileInode file() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
        if (inode instanceof FileInode file) {
            return file;
        }
        throw new IOException("Is a directory");
    }

    private FileInode readable() throws IOException {
        requireOpen();
        if (!options.contains(StandardOpenOption.READ)) {
            throw new NonReadableChannelException();
        }
        return file();
    }

    private FileInode writable() throws IOException {
        requireOpen();
        if (!options.contains(StandardOpenOption.WRITE)
                && !options.contains(StandardOpenOption.APPEND)) {
            throw new NonWritableChannelException();
        }
        return file();
    }

    private void requireOpen() throws IOException {
        if (!isOpen()) {
            throw new ClosedChannelException();
        }
    }

    private static void requireNotNegative(long value, String what) {
        if (value < 0) {
            throw new IllegalArgumentException("negative " + what + ": " + value);
        }
    }

    @Override
    public int read(ByteBuffer destination) throws IOException {
        FileInode file = readable();
        volume.faults.delay(DiskOperation.READ, path);
        synchronized (this) {
            int count = volume.read(file, path, position, destination);
            position += Math.max(0, count);
            return count;
        }
    }

    @Override
    public long read(ByteBuffer[] destinations, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, destinations.length);
        readable();
        long total = 0;
        for (int index = offset; index < offset + length; index++) {
            if (destinations[index].hasRemaining()) {
                int count = read(destinations[index]);
                if (count < 0) {
                    return total == 0 ? -1 : total;
                }
                total += count;
                if (destinations[index].hasRemaining()) {
                    break;
                }
            }
        }
        return total;
    }

    @Override
    public int read(ByteBuffer destination, long from) throws IOException {
        requireNotNegative(from, "position");
        FileInode file = readable();
        volume.faults.delay(DiskOperation.READ, path);
        return volume.read(file, path, from, destination);
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        FileInode file = writable();
        volume.faults.delay(DiskOperation.WRITE, path);
        synchronized (this) {
            if (options.contains(StandardOpenOption.APPEND)) {
                position = volume.size(file);
            }
            int count = volume.write(file, path, position, source);
            position += count;
            forceIfSynchronous();
            return count;
        }
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, sources.length);
        writable();
        long total = 0;
        for (int index = offset; index < offset + length; index++) {
            ByteBuffer source = sources[index];
            while (source.hasRemaining()) {
                int wanted = source.remaining();
                int count;
                try {
                    count = write(source);
                } catch (IOException full) {
                    if (total > 0 && !volume.faults.poweredOff()) {
                        return total;
                    }
                    throw full;
                }
                total += count;
                if (count < wanted) {
                    return total;
                }
            }
        }
        return total;
    }

    @Override
    public int write(ByteBuffer source, long at) throws IOException {
        requireNotNegative(at, "position");
        FileInode file = writable();
        volume.faults.delay(DiskOperation.WRITE, path);
        boolean append = options.contains(StandardOpenOption.APPEND);
        int count = volume.write(file, path, append ? volume.size(file) : at, source);
        forceIfSynchronous();
        return count;
    }

    private void forceIfSynchronous() throws IOException {
        if (options.contains(StandardOpenOption.SYNC)
                || options.contains(StandardOpenOption.DSYNC)) {
            force(true);
        }
    }

    @Override
    public synchronized long position() throws IOException {
        requireOpen();
        return options.contains(StandardOpenOption.APPEND) ? size() : position;
    }

    @Override
    public synchronized FileChannel position(long newPosition) throws IOException {
        requireOpen();
        requireNotNegative(newPosition, "position");
        position = newPosition;
        return this;
    }

    @Override
    public long size() throws IOException {
        return volume.size(file());
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        requireOpen();
        requireNotNegative(size, "size");
        FileInode file = writable();
        volume.faults.delay(DiskOperation.TRUNCATE, path);
        synchronized (this) {
            volume.truncate(file, path, size);
            position = Math.min(position, size);
        }
        return this;
    }

    @Override
    public void force(boolean metaData) throws IOException {
        requireOpen();
        volume.faults.delay(DiskOperation.FORCE, path);
        volume.force(inode, path);
    }

    @Override
    public long transferTo(long from, long count, WritableByteChannel target) throws IOException {
        requireOpen();
        if (!target.isOpen()) {
            throw new ClosedChannelException();
        }
        requireNotNegative(from, "position");
        requireNotNegative(count, "count");
        long total = 0;
        while (total < count) {
            int chunk = (int) Math.min(TRANSFER_CHUNK_BYTES, count - total);
            ByteBuffer buffer = ByteBuffer.allocate(chunk);
            if (read(buffer, from + total) <= 0) {
                break;
            }
            buffer.flip();
            int sent = target.write(buffer);
            total += sent;
            if (buffer.hasRemaining()) {
                break;
            }
        }
        return total;
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long at, long count) throws IOException {
        requireOpen();
        requireNotNegative(at, "position");
        requireNotNegative(count, "count");
        writable();
        long total = 0;
        while (total < count) {
            int chunk = (int) Math.min(TRANSFER_CHUNK_BYTES, count - total);
            ByteBuffer buffer = ByteBuffer.allocate(chunk);
            if (source.read(buffer) <= 0) {
                break;
            }
            buffer.flip();
            while (buffer.hasRemaining()) {
                total += write(buffer, at + total);
            }
        }
        return total;
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long from, long size) {
        throw new UnsupportedOperationException("a simulated disk cannot be mapped");
    }

    @Override
    public FileLock lock(long from, long size, boolean shared) throws IOException {
        FileLock lock = tryLock(from, size, shared);
        if (lock == null) {
            throw new IOException("held by another process; a simulated lock does not wait");
        }
        return lock;
    }

    @Override
    public @Nullable FileLock tryLock(long from, long size, boolean shared) throws IOException {
        FileInode file = shared ? readable() : writable();
        return switch (volume.lock(file)) {
            case FREE -> {
                Lock lock = new Lock(this, file, from, size, shared);
                held = lock;
                yield lock;
            }
            case THIS_PROCESS -> throw new OverlappingFileLockException();
            case OTHER_PROCESS -> null;
        };
    }

    @Override
    protected void implCloseChannel() throws IOException {
        Lock lock = held;
        if (lock != null) {
            lock.release();
        }
        volume.release(inode);
        if (options.contains(StandardOpenOption.DELETE_ON_CLOSE)) {
            volume.delete(path);
        }
    }

    /** A lock on a whole file; ranges are not told apart. */
    private static final class Lock extends FileLock {
        private final SimulatedFileChannel channel;
        private final FileInode file;
        private boolean valid = true;

        Lock(SimulatedFileChannel channel, FileInode file, long from, long size, boolean shared) {
            super(channel, from, size, shared);
            this.channel = channel;
            this.file = file;
        }

        @Override
        public synchronized boolean isValid() {
            return valid && channel.isOpen();
        }

        @Override
        public synchronized void release() {
            if (valid) {
                valid = false;
                channel.held = null;
                channel.volume.unlock(file);
            }
        }
    }
}
