package io.headrace.storage.journal;

import io.headrace.storage.file.Directories;
import io.headrace.storage.file.NoSpace;

import org.apache.kafka.common.Uuid;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The offsets that a log directory has promised to keep: the file {@code promised-offsets}.
 *
 * <p>Records of 32 bytes, big-endian, in a file of zeros written ahead, so that a commit overwrites
 * in place. The last record of a partition counts; offset -1 takes the promise back. When the file
 * is full a new one, with one record per partition, replaces it.
 *
 * <pre>
 *   topicId 16 bytes | partition i32 | offset i64 | crc u32      crc: CRC-32C of the 28 bytes before
 * </pre>
 *
 * <p>Safe for use by several threads; a call returns when the device has its records.
 */
public final class PromiseJournal implements AutoCloseable {
    private static final String FILE_NAME = "promised-offsets";
    private static final int RECORD_BYTES = 32;
    private static final int CRC_AT = 28;
    private static final int CAPACITY_MIN_BYTES = 256 << 10;
    private static final long NO_PROMISE = -1;

    private final Path directory;
    private final Map<Key, Long> promises = new HashMap<>();
    private FileChannel channel;
    private long end;
    private long capacity;
    private boolean replacing;
    private ByteBuffer buffer = ByteBuffer.allocateDirect(64 * RECORD_BYTES);

    /** Which partition promised. */
    public record Key(Uuid topicId, int partition) {}

    private PromiseJournal(Path directory, FileChannel channel) {
        this.directory = directory;
        this.channel = channel;
    }

    /** Opens the directory's journal, with what it promised before. */
    public static PromiseJournal open(Path directory) throws IOException {
        Path path = directory.resolve(FILE_NAME);
        boolean isNew = !Files.exists(path);
        PromiseJournal journal =
                new PromiseJournal(
                        directory,
                        FileChannel.open(
                                path,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.CREATE));
        if (!isNew) {
            journal.read();
        }
        try {
            journal.rewrite();
        } catch (IOException e) {
            if (isNew || !NoSpace.isCauseOf(e)) {
                throw e;
            }
            journal.goOnInPlace();
        }
        return journal;
    }

    /**
     * Without room for another file: what follows the last good record, perhaps good records of a
     * commit that was torn, must not be read behind those to come.
     */
    private void goOnInPlace() throws IOException {
        channel.close();
        channel =
                FileChannel.open(
                        directory.resolve(FILE_NAME),
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        end = 0;
        read();
        replacing = false;
        capacity = channel.size();
        ByteBuffer zeros = ByteBuffer.allocate((int) (capacity - end));
        long at = end;
        while (zeros.hasRemaining()) {
            at += channel.write(zeros, at);
        }
        channel.force(false);
    }

    private void read() throws IOException {
        ByteBuffer content = ByteBuffer.allocate((int) Math.min(channel.size(), 1 << 30));
        while (content.hasRemaining() && channel.read(content, content.position()) >= 0) {
            // until all is there
        }
        content.flip();
        for (int at = 0; at + RECORD_BYTES <= content.limit(); at += RECORD_BYTES) {
            if (content.getInt(at + CRC_AT) != crcOf(content, at)) {
                return; // the zeros, or a commit that nobody was promised
            }
            end = (long) at + RECORD_BYTES;
            Key key =
                    new Key(
                            new Uuid(content.getLong(at), content.getLong(at + 8)),
                            content.getInt(at + 16));
            remember(key, content.getLong(at + 20));
        }
    }

    private void remember(Key key, long offset) {
        if (offset == NO_PROMISE) {
            promises.remove(key);
        } else {
            promises.put(key, offset);
        }
    }

    /** The offset promised for a partition, -1 when there is none. */
    public synchronized long promised(Key key) {
        return promises.getOrDefault(key, NO_PROMISE);
    }

    /** Whether the file may have a promise for a partition, also one whose taking back failed. */
    public synchronized boolean mayHold(Key key) {
        return replacing || promises.containsKey(key);
    }

    /**
     * Promises offsets, all at once; -1 takes a promise back. When it fails for want of space,
     * nothing is promised, and it may be tried again.
     */
    public synchronized void promise(Map<Key, Long> offsets) throws IOException {
        if (offsets.isEmpty()) {
            return;
        }
        offsets.forEach(this::remember);
        int size = offsets.size() * RECORD_BYTES;
        if (replacing || end + size > capacity) {
            rewrite();
            return;
        }
        ByteBuffer records = encode(offsets);
        long at = end;
        while (records.hasRemaining()) {
            at += channel.write(records, at);
        }
        channel.force(false);
        end = at;
    }

    /**
     * Like {@link #promise}, but an offset that is below what is promised already changes nothing.
     */
    public synchronized void raise(Map<Key, Long> offsets) throws IOException {
        Map<Key, Long> raised = new HashMap<>();
        offsets.forEach((key, offset) -> raised.put(key, Math.max(offset, promised(key))));
        promise(raised);
    }

    /**
     * Has a partition promise nothing from that offset on; does nothing if it promises no more, and
     * no earlier call may have left the file with more.
     */
    public synchronized void lower(Key key, long offset) throws IOException {
        long before = promised(key);
        if (!replacing && before <= offset) {
            return;
        }
        try {
            promise(Map.of(key, Math.min(offset, before)));
        } catch (IOException e) {
            remember(key, before); // the file may still have it
            throw e;
        }
    }

    private ByteBuffer encode(Map<Key, Long> offsets) {
        int size = offsets.size() * RECORD_BYTES;
        if (buffer.capacity() < size) {
            buffer = ByteBuffer.allocateDirect(size + size / 2);
        }
        buffer.clear();
        offsets.forEach(
                (key, offset) -> {
                    int at = buffer.position();
                    buffer.putLong(key.topicId().getMostSignificantBits())
                            .putLong(key.topicId().getLeastSignificantBits())
                            .putInt(key.partition())
                            .putLong(offset)
                            .putInt(crcOf(buffer, at));
                });
        return buffer.flip();
    }

    private static int crcOf(ByteBuffer buffer, int at) {
        CRC32C crc = new CRC32C();
        ByteBuffer covered = buffer.duplicate();
        covered.limit(at + CRC_AT).position(at);
        crc.update(covered);
        return (int) crc.getValue();
    }

    /** Replaces the file by one that holds each promise once, and room for many more. */
    private void rewrite() throws IOException {
        replacing = true; // until it is done: the file may have its name already
        ByteBuffer records = encode(promises);
        int size = records.remaining();
        ByteBuffer content = ByteBuffer.allocate(Math.max(CAPACITY_MIN_BYTES, 4 * size));
        content.put(records);
        Path path = directory.resolve(FILE_NAME);
        Directories.replace(path, content.array());
        channel.close();
        channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        end = size;
        capacity = content.capacity();
        replacing = false;
    }

    @Override
    public synchronized void close() throws IOException {
        channel.close();
    }
}
