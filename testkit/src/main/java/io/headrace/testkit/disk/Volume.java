package io.headrace.testkit.disk;

import static io.headrace.testkit.disk.DiskOperation.CREATE;
import static io.headrace.testkit.disk.DiskOperation.DELETE;
import static io.headrace.testkit.disk.DiskOperation.FORCE;
import static io.headrace.testkit.disk.DiskOperation.LIST;
import static io.headrace.testkit.disk.DiskOperation.MOVE;
import static io.headrace.testkit.disk.DiskOperation.READ;
import static io.headrace.testkit.disk.DiskOperation.TRUNCATE;
import static io.headrace.testkit.disk.DiskOperation.WRITE;

import io.headrace.testkit.disk.EntryChange.Entry;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * The tree of files and directories of one disk, with what of it is forced.
 *
 * <p>Every method takes absolute, normal paths and is atomic. After the power is gone every method
 * throws {@link PowerLossException}.
 */
final class Volume {
    final DiskFaults faults;
    private final LongSupplier clockMs;
    private final DirectoryInode root;
    private final List<EntryChange> unforced = new ArrayList<>();
    private long capacityBytes = Long.MAX_VALUE;
    private long usedBytes;

    private long writes;
    private long bytesWritten;
    private long reads;
    private long forces;
    private long directoryForces;
    private long entryChanges;

    Volume(DiskFaults faults, LongSupplier clockMs) {
        this(faults, clockMs, new DirectoryInode(clockMs.getAsLong()));
    }

    private Volume(DiskFaults faults, LongSupplier clockMs, DirectoryInode root) {
        this.faults = faults;
        this.clockMs = clockMs;
        this.root = root;
        this.usedBytes = used(root);
    }

    // Names.

    synchronized Inode find(Path path) throws IOException {
        faults.requirePower();
        Inode inode = lookUp(path);
        if (inode == null) {
            throw new NoSuchFileException(path.toString());
        }
        return inode;
    }

    synchronized List<String> list(Path path) throws IOException {
        faults.check(LIST, path);
        if (!(find(path) instanceof DirectoryInode directory)) {
            throw new NotDirectoryException(path.toString());
        }
        return List.copyOf(directory.entries.keySet());
    }

    synchronized void createDirectory(Path path) throws IOException {
        faults.check(CREATE, path);
        create(path, new DirectoryInode(clockMs.getAsLong()));
    }

    private FileInode createFile(Path path) throws IOException {
        faults.check(CREATE, path);
        FileInode file = new FileInode(clockMs.getAsLong());
        create(path, file);
        file.references = 1;
        return file;
    }

    private void create(Path path, Inode inode) throws IOException {
        if (lookUp(path) != null) {
            throw new FileAlreadyExistsException(path.toString());
        }
        change(List.of(new Entry(parentOf(path), nameOf(path), inode)));
    }

    /** Finds or makes the inode to open and keeps its space until {@link #release}. */
    synchronized Inode open(Path path, boolean create, boolean createNew, boolean write)
            throws IOException {
        faults.check(DiskOperation.OPEN, path);
        Inode inode = lookUp(path);
        if (inode == null) {
            if (!create && !createNew) {
                throw new NoSuchFileException(path.toString());
            }
            inode = createFile(path);
        } else if (createNew) {
            throw new FileAlreadyExistsException(path.toString());
        } else if (inode instanceof DirectoryInode && (write || create)) {
            throw new FileSystemException(path.toString(), null, "Is a directory");
        }
        if (inode instanceof FileInode file) {
            file.references++;
        }
        return inode;
    }

    synchronized void release(Inode inode) {
        if (inode instanceof FileInode file && --file.references == 0) {
            usedBytes -= file.bytes().sizeInBytes();
        }
    }

    synchronized void delete(Path path) throws IOException {
        faults.check(DELETE, path);
        Inode inode = find(path);
        requireEmpty(inode, path);
        change(List.of(new Entry(parentOf(path), nameOf(path), null)));
        release(inode);
    }

    synchronized void move(Path source, Path target, boolean replace, boolean atomic)
            throws IOException {
        faults.check(MOVE, source);
        Inode moved = find(source);
        DirectoryInode from = parentOf(source);
        Inode replaced = lookUp(target);
        if (moved == replaced) {
            return;
        }
        if (atomic) {
            requireOutside(moved, source, target);
            requireRenamable(moved, replaced, source, target);
        } else if (replaced != null) {
            if (!replace) {
                throw new FileAlreadyExistsException(target.toString());
            }
            requireEmpty(replaced, target);
            // As the JDK does it on Linux: the target goes first, so only ATOMIC_MOVE is one
            // change.
            change(List.of(new Entry(parentOf(target), nameOf(target), null)));
            release(replaced);
            replaced = null;
        }
        requireOutside(moved, source, target);
        DirectoryInode to = parentOf(source, target);
        change(
                List.of(
                        new Entry(from, nameOf(source), null),
                        new Entry(to, nameOf(target), moved)));
        if (replaced != null) {
            release(replaced);
        }
    }

    private static void requireOutside(Inode moved, Path source, Path target) throws IOException {
        if (moved instanceof DirectoryInode && target.startsWith(source)) {
            throw new FileSystemException(source.toString(), target.toString(), "Invalid argument");
        }
    }

    private static void requireRenamable(
            Inode moved, @Nullable Inode replaced, Path source, Path target) throws IOException {
        String reason = null;
        if (source.startsWith(target)) {
            reason = "Directory not empty";
        } else if (moved instanceof FileInode && replaced instanceof DirectoryInode) {
            reason = "Is a directory";
        } else if (moved instanceof DirectoryInode && replaced instanceof FileInode) {
            reason = "Not a directory";
        } else if (replaced instanceof DirectoryInode directory && !directory.entries.isEmpty()) {
            reason = "Directory not empty";
        }
        if (reason != null) {
            throw new FileSystemException(source.toString(), target.toString(), reason);
        }
    }

    private static void requireEmpty(Inode inode, Path path) throws IOException {
        if (inode instanceof DirectoryInode directory && !directory.entries.isEmpty()) {
            throw new DirectoryNotEmptyException(path.toString());
        }
    }

    /** The inode of a path; null when only its last name is missing, which a creation repairs. */
    private @Nullable Inode lookUp(Path path) throws IOException {
        Inode inode = root;
        for (Path name : path) {
            if (inode == null) {
                throw new NoSuchFileException(path.toString());
            }
            if (!(inode instanceof DirectoryInode directory)) {
                throw new FileSystemException(path.toString(), null, "Not a directory");
            }
            inode = directory.entries.get(name.toString());
        }
        return inode;
    }

    private DirectoryInode parentOf(Path path) throws IOException {
        return parentOf(path, null);
    }

    /** The directory that holds, or is to hold, {@code target} (of {@code path}, if null). */
    private DirectoryInode parentOf(Path path, @Nullable Path target) throws IOException {
        Path parent = (target == null ? path : target).getParent();
        String other = target == null ? null : target.toString();
        if (parent == null) {
            throw new FileSystemException(path.toString(), other, "Device or resource busy");
        }
        Inode inode = lookUp(parent);
        if (inode == null) {
            throw new NoSuchFileException(path.toString(), other, null);
        }
        if (!(inode instanceof DirectoryInode directory)) {
            throw new FileSystemException(path.toString(), other, "Not a directory");
        }
        return directory;
    }

    private static String nameOf(Path path) {
        return String.valueOf(path.getFileName());
    }

    private void change(List<Entry> entries) throws IOException {
        boolean powerGoes = faults.powerGoesAtChange();
        EntryChange change = new EntryChange(entries);
        unforced.add(change);
        if (powerGoes) {
            throw new PowerLossException();
        }
        change.apply(directory -> directory.entries);
        long nowMs = clockMs.getAsLong();
        entries.forEach(entry -> entry.directory().lastModifiedMs = nowMs);
        entryChanges++;
    }

    // Bytes.

    synchronized int read(FileInode file, Path path, long position, ByteBuffer destination)
            throws IOException {
        faults.check(READ, path);
        reads++;
        return file.bytes().read(position, destination);
    }

    /** Writes what fits; short when the disk fills up on the way. */
    synchronized int write(FileInode file, Path path, long position, ByteBuffer source)
            throws IOException {
        faults.check(WRITE, path);
        int wanted = source.remaining();
        if (wanted == 0) {
            return 0;
        }
        int size = file.bytes().sizeInBytes();
        long mayEnd = Math.max(size, position) + Math.max(0, capacityBytes - usedBytes);
        long holeBytes = Math.max(0, position - size);
        int count = (int) Math.min(wanted, Math.max(0, mayEnd - holeBytes - position));
        if (count <= 0) {
            throw new IOException("No space left on device");
        }
        int arriving = faults.bytesBeforePowerGoes(count);
        byte[] bytes = new byte[arriving];
        source.get(source.position(), bytes);
        if (arriving > 0) {
            file.write(position, bytes);
        }
        if (faults.poweredOff()) {
            throw new PowerLossException();
        }
        source.position(source.position() + count);
        usedBytes += file.bytes().sizeInBytes() - size;
        file.lastModifiedMs = clockMs.getAsLong();
        writes++;
        bytesWritten += count;
        return count;
    }

    synchronized void truncate(FileInode file, Path path, long size) throws IOException {
        faults.check(TRUNCATE, path);
        int before = file.bytes().sizeInBytes();
        if (size >= before) {
            return;
        }
        boolean powerGoes = faults.powerGoesAtChange();
        file.truncate(size);
        if (powerGoes) {
            throw new PowerLossException();
        }
        usedBytes -= before - file.bytes().sizeInBytes();
        file.lastModifiedMs = clockMs.getAsLong();
    }

    synchronized void force(Inode inode, Path path) throws IOException {
        faults.requirePower();
        String failure = faults.failure(FORCE, path);
        if (failure != null) {
            if (inode instanceof FileInode file) {
                file.loseUnforced();
            }
            throw new IOException(failure);
        }
        if (faults.powerGoesAtChange()) {
            throw new PowerLossException();
        }
        switch (inode) {
            case FileInode file -> {
                file.force();
                forces++;
            }
            case DirectoryInode directory -> {
                forceEntries(directory);
                directoryForces++;
            }
        }
    }

    /** A rename between directories ties their earlier changes together, as in a real journal. */
    private void forceEntries(DirectoryInode directory) {
        Set<DirectoryInode> tied = new HashSet<>(Set.of(directory));
        List<EntryChange> forced = new ArrayList<>();
        List<EntryChange> kept = new ArrayList<>();
        for (EntryChange change : unforced.reversed()) {
            if (tied.stream().anyMatch(change::touches)) {
                change.entries().forEach(entry -> tied.add(entry.directory()));
                forced.add(change);
            } else {
                kept.add(change);
            }
        }
        forced.reversed().forEach(change -> change.apply(touched -> touched.durableEntries));
        unforced.clear();
        unforced.addAll(kept.reversed());
    }

    // Locks, space, counters.

    /** Takes the lock if it is free; says who held it before. */
    synchronized LockHolder lock(FileInode file) {
        LockHolder before = file.lock;
        if (before == LockHolder.FREE) {
            file.lock = LockHolder.THIS_PROCESS;
        }
        return before;
    }

    synchronized void lockByAnotherProcess(Path path) throws IOException {
        if (!(find(path) instanceof FileInode file) || file.lock != LockHolder.FREE) {
            throw new IllegalStateException(path + " is no file, or locked already");
        }
        file.lock = LockHolder.OTHER_PROCESS;
    }

    synchronized void unlock(FileInode file) {
        file.lock = LockHolder.FREE;
    }

    synchronized SimulatedAttributes attributes(Path path) throws IOException {
        return SimulatedAttributes.of(find(path));
    }

    synchronized long size(FileInode file) throws IOException {
        faults.requirePower();
        return file.bytes().sizeInBytes();
    }

    synchronized void flip(Path path, long position, int bit) throws IOException {
        if (!(find(path) instanceof FileInode file) || !file.flip(position, bit)) {
            throw new IllegalArgumentException(path + " has no byte at " + position);
        }
    }

    synchronized void touch(Path path, long lastModifiedMs) throws IOException {
        find(path).lastModifiedMs = lastModifiedMs;
    }

    synchronized void capacity(long bytes) {
        capacityBytes = bytes;
    }

    synchronized long capacityBytes() {
        return capacityBytes;
    }

    synchronized long usedBytes() {
        return usedBytes;
    }

    synchronized DiskCounters counters() {
        return new DiskCounters(writes, bytesWritten, reads, forces, directoryForces, entryChanges);
    }

    private static long used(Inode inode) {
        return switch (inode) {
            case FileInode file -> file.bytes().sizeInBytes();
            case DirectoryInode directory ->
                    directory.entries.values().stream().mapToLong(Volume::used).sum();
        };
    }

    // What comes after.

    /** The volume after a power loss now, as the seed decides. */
    synchronized Volume afterPowerLoss(RandomGenerator random, DiskFaults nextFaults) {
        double[] chances = {0, 0.1, 0.5, 0.9, 1};
        double keepChance = chances[random.nextInt(chances.length)];
        boolean inOrder = random.nextBoolean();
        Map<DirectoryInode, Map<String, Inode>> survivors = new HashMap<>();
        for (EntryChange change : unforced) {
            if (random.nextDouble() < keepChance) {
                change.apply(directory -> survivors.computeIfAbsent(directory, Volume::durable));
            } else if (inOrder) {
                break;
            }
        }
        VolumeCopy copy =
                VolumeCopy.afterPowerLoss(
                        directory -> survivors.getOrDefault(directory, directory.durableEntries),
                        file -> file.afterPowerLoss(random, keepChance));
        return new Volume(nextFaults, clockMs, copy.of(root));
    }

    /** The volume as the next process finds it after this one was killed. */
    synchronized Volume afterKill(DiskFaults nextFaults) {
        VolumeCopy copy = VolumeCopy.afterKill();
        Volume next = new Volume(nextFaults, clockMs, copy.of(root));
        unforced.forEach(change -> next.unforced.add(copy.of(change)));
        return next;
    }

    private static Map<String, Inode> durable(DirectoryInode directory) {
        return new TreeMap<>(directory.durableEntries);
    }
}
