package io.headrace.testkit.disk;

import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * A disk in memory, used by production code through {@link Path}, {@code Files} and {@code
 * FileChannel.open}, whose failures a seed decides.
 *
 * <p>What a power loss ({@link #crash}) leaves: bytes that were forced, and directory entries whose
 * directory was forced, always; of everything else nothing, a part (writes torn at any byte or
 * sector) or all. A rename is one change: it survives whole or not at all. Like a real disk under
 * POSIX, forcing a file does not keep its name: its directory must be forced too.
 *
 * <pre>{@code
 * SimulatedDisk disk = SimulatedDisk.withSeed(seed);
 * try (Log log = Log.open(disk.path("/data/topic-0"))) { ... }
 * SimulatedDisk after = disk.crash();
 * Log recovered = Log.open(after.path("/data/topic-0"));
 * }</pre>
 *
 * <p>After {@link #crash} or {@link #kill} the old disk answers every operation with {@link
 * PowerLossException}. Not offered: links, mapped buffers, permissions, watching, and the closing
 * of channels by interrupts. Thread-safe; the same seed gives the same answers only when operations
 * come in the same order.
 */
public final class SimulatedDisk {
    private final RandomGenerator random;
    private final SimulatedFileSystem fileSystem;

    private SimulatedDisk(RandomGenerator random, Volume volume) {
        this.random = random;
        this.fileSystem = new SimulatedFileSystem(volume);
    }

    /** An empty disk of boundless size whose file times come from the system's clock. */
    public static SimulatedDisk withSeed(long seed) {
        return withSeed(seed, System::currentTimeMillis);
    }

    /** An empty disk of boundless size whose file times come from a clock, in milliseconds. */
    public static SimulatedDisk withSeed(long seed, LongSupplier clockMs) {
        SplittableRandom random = new SplittableRandom(seed);
        return new SimulatedDisk(random, new Volume(new DiskFaults(random.split()), clockMs));
    }

    /** The file system, for code that wants one. */
    public FileSystem fileSystem() {
        return fileSystem;
    }

    /** A path on this disk; {@code "/"} is the root, which always exists. */
    public Path path(String first, String... more) {
        return fileSystem.getPath(first, more);
    }

    /** Cuts the power, if it is not cut yet, and gives the disk as it is found afterwards. */
    public SimulatedDisk crash() {
        faults().cutPower();
        SplittableRandom next = new SplittableRandom(random.nextLong());
        return new SimulatedDisk(
                next, volume().afterPowerLoss(random, new DiskFaults(next.split())));
    }

    /**
     * Kills the process: locks and open files are gone, the page cache stays. What was not forced
     * is still not forced and can be lost by a later {@link #crash}.
     */
    public SimulatedDisk kill() {
        faults().cutPower();
        SplittableRandom next = new SplittableRandom(random.nextLong());
        return new SimulatedDisk(next, volume().afterKill(new DiskFaults(next.split())));
    }

    /**
     * Cuts the power in the middle of the change (write, truncation, force, directory entry) that
     * follows {@code changes} more: that change may have happened, in part, or not.
     */
    public void cutPowerAfterChanges(long changes) {
        faults().cutPowerAfterChanges(changes);
    }

    /** Cuts the power when {@code bytes} more bytes are written, in the middle of a write. */
    public void cutPowerAfterBytes(long bytes) {
        faults().cutPowerAfterBytes(bytes);
    }

    /** Whether the power is gone. */
    public boolean isPoweredOff() {
        return faults().poweredOff();
    }

    /** Makes matching operations fail with "Input/output error", for ever. */
    public void fail(DiskOperation operation, Predicate<Path> paths) {
        fail(operation, paths, Integer.MAX_VALUE);
    }

    /**
     * Makes the next {@code times} matching operations fail with "Input/output error". After a
     * failed {@link DiskOperation#FORCE} the bytes are still read back, but no later force brings
     * them to the platter: as on Linux.
     *
     * @param paths is asked with absolute paths of the default file system, such as {@code /data/a}
     */
    public void fail(DiskOperation operation, Predicate<Path> paths, int times) {
        faults().fail(operation, paths, "Input/output error", times);
    }

    /** Makes every matching operation take at least this long, in real time. */
    public void slow(DiskOperation operation, Predicate<Path> paths, Duration duration) {
        faults().slow(operation, paths, duration);
    }

    /** Makes every matching operation wait until the answer is closed. */
    public HeldOperations hold(DiskOperation operation, Predicate<Path> paths) {
        return faults().hold(operation, paths);
    }

    /** Takes back every planted failure, slowness and hold. */
    public void heal() {
        faults().clear();
    }

    /** Limits the sum of all file sizes; beyond it writes say "No space left on device". */
    public void limitBytes(long capacity) {
        volume().capacity(capacity);
    }

    /** The sum of the sizes of all files, also of removed ones still open. */
    public long usedBytes() {
        return volume().usedBytes();
    }

    /**
     * Inverts one bit of a file, on the platter and in the page cache.
     *
     * @throws IllegalArgumentException when the file has no byte there
     */
    public void flipBit(Path path, long position, int bit) throws IOException {
        volume().flip(inVolume(path), position, bit);
    }

    /** Makes another process hold the lock of an existing file, for ever. */
    public void lockByAnotherProcess(Path path) throws IOException {
        volume().lockByAnotherProcess(inVolume(path));
    }

    /** What the disk has done so far. */
    public DiskCounters counters() {
        return volume().counters();
    }

    private static Path inVolume(Path path) {
        if (path instanceof SimulatedPath simulated) {
            return simulated.inVolume();
        }
        throw new IllegalArgumentException(path + " is on no simulated disk");
    }

    private Volume volume() {
        return fileSystem.volume();
    }

    private DiskFaults faults() {
        return fileSystem.volume().faults;
    }
}
