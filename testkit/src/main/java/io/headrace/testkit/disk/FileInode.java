package io.headrace.testkit.disk;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * A file: the bytes everybody sees (the page cache), the bytes a power loss certainly leaves (the
 * platter), and the changes between the two.
 */
final class FileInode extends Inode {
    private static final int SECTOR_BYTES = 512;

    private sealed interface Change {}

    private static final class Write implements Change {
        final long position;
        final byte[] bytes;

        Write(long position, byte[] bytes) {
            this.position = position;
            this.bytes = bytes;
        }
    }

    private record Cut(long size) implements Change {}

    private final GrowableBytes cached;
    private final GrowableBytes durable;
    private final List<Change> unforced = new ArrayList<>();

    /** Names and open channels that still hold the file; at zero its space is free. */
    int references;

    LockHolder lock = LockHolder.FREE;

    FileInode(long nowMs) {
        this(nowMs, new GrowableBytes(), new GrowableBytes());
    }

    private FileInode(long nowMs, GrowableBytes cached, GrowableBytes durable) {
        super(nowMs);
        this.cached = cached;
        this.durable = durable;
    }

    GrowableBytes bytes() {
        return cached;
    }

    void write(long position, byte[] bytes) throws IOException {
        cached.write(position, bytes, 0, bytes.length);
        unforced.add(new Write(position, bytes));
    }

    void truncate(long size) {
        cached.truncate(size);
        unforced.add(new Cut(size));
    }

    void force() throws IOException {
        for (Change change : unforced) {
            apply(change, durable);
        }
        unforced.clear();
    }

    /**
     * A force that failed: as on Linux the pages are marked clean, so the next force will not write
     * them either. They stay in the cache; on the platter they are missing.
     */
    void loseUnforced() {
        unforced.clear();
    }

    boolean flip(long position, int bit) {
        boolean flipped = cached.flip(position, bit);
        durable.flip(position, bit);
        for (Change change : unforced) {
            if (change instanceof Write write
                    && position >= write.position
                    && position < write.position + write.bytes.length) {
                int index = (int) (position - write.position);
                write.bytes[index] = (byte) (write.bytes[index] ^ (1 << bit));
            }
        }
        return flipped;
    }

    /** The file as a new process finds it: cache and platter as they are, nothing lost. */
    FileInode afterKill() {
        FileInode next = new FileInode(creationMs, cached.copy(), durable.copy());
        next.lastModifiedMs = lastModifiedMs;
        next.unforced.addAll(unforced);
        return next;
    }

    /**
     * The file as a power loss leaves it: the platter, and of the changes not forced either a
     * prefix whose last write is torn, or any of them, each whole or torn.
     *
     * @param keepChance how likely a change not forced survives whole
     */
    FileInode afterPowerLoss(RandomGenerator random, double keepChance) {
        GrowableBytes left = durable.copy();
        boolean inOrder = random.nextBoolean();
        try {
            for (Change change : unforced) {
                if (random.nextDouble() < keepChance) {
                    apply(change, left);
                    continue;
                }
                if (change instanceof Write write && random.nextInt(3) == 0) {
                    tear(write, left, random);
                }
                if (inOrder) {
                    break;
                }
            }
        } catch (IOException tooLarge) {
            throw new IllegalStateException(tooLarge);
        }
        FileInode survivor = new FileInode(creationMs, left, left.copy());
        survivor.lastModifiedMs = lastModifiedMs;
        return survivor;
    }

    private static void tear(Write write, GrowableBytes left, RandomGenerator random)
            throws IOException {
        byte[] bytes = write.bytes;
        if (random.nextBoolean()) {
            left.write(write.position, bytes, 0, random.nextInt(bytes.length + 1));
            return;
        }
        int from = 0;
        while (from < bytes.length) {
            int toSectorEnd = SECTOR_BYTES - (int) ((write.position + from) % SECTOR_BYTES);
            int count = Math.min(toSectorEnd, bytes.length - from);
            if (random.nextBoolean()) {
                left.write(write.position + from, bytes, from, count);
            }
            from += count;
        }
    }

    private static void apply(Change change, GrowableBytes bytes) throws IOException {
        switch (change) {
            case Write write -> bytes.write(write.position, write.bytes, 0, write.bytes.length);
            case Cut cut -> bytes.truncate(cut.size);
        }
    }
}
