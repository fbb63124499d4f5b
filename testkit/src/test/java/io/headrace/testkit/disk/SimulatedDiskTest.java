package io.headrace.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;
import io.headrace.testkit.wait.Eventually;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/** What the faults of a simulated disk leave and what they say. */
final class SimulatedDiskTest {
    private static final Set<StandardOpenOption> NEW =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);

    private final SimulatedDisk disk = SimulatedDisk.withSeed(7);

    private static void force(Path path) throws IOException {
        boolean directory = Files.isDirectory(path);
        try (FileChannel channel =
                FileChannel.open(
                        path, directory ? StandardOpenOption.READ : StandardOpenOption.WRITE)) {
            channel.force(true);
        }
    }

    private static FileChannel durableFile(SimulatedDisk disk, String path) throws IOException {
        FileChannel channel = FileChannel.open(disk.path(path), NEW);
        force(disk.path("/"));
        return channel;
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(UTF_8));
    }

    @Seeded(runs = 200)
    void forcedBytesAndEntriesSurviveEveryPowerLoss(Seed seed) throws IOException {
        SimulatedDisk before = SimulatedDisk.withSeed(seed.value());
        Path directory = Files.createDirectory(before.path("/data"));
        force(before.path("/"));
        try (FileChannel channel = FileChannel.open(directory.resolve("log"), NEW)) {
            force(directory);
            channel.write(bytes("promised"));
            channel.force(false);
            channel.write(bytes("unpromised"));
        }
        SimulatedDisk after = before.crash();
        assertThat(Files.readString(after.path("/data/log"), ISO_8859_1)).startsWith("promised");
    }

    @Test
    void unforcedBytesAreLostKeptAndTornByTheSeed() throws IOException {
        Set<Integer> sizes = new HashSet<>();
        boolean holes = false;
        for (long seed = 0; seed < 300; seed++) {
            SimulatedDisk before = SimulatedDisk.withSeed(seed);
            try (FileChannel channel = durableFile(before, "/log")) {
                byte[] data = new byte[2000];
                Arrays.fill(data, (byte) 1);
                channel.write(ByteBuffer.wrap(data));
                channel.write(ByteBuffer.wrap(data));
            }
            byte[] left = Files.readAllBytes(before.crash().path("/log"));
            sizes.add(left.length);
            for (byte value : left) {
                holes |= value == 0;
            }
        }
        assertThat(sizes).contains(0, 2000, 4000).hasSizeGreaterThan(20);
        assertThat(holes).as("a later write can survive an earlier one").isTrue();
    }

    @Test
    void unforcedEntriesAreLostOrKeptByTheSeed() throws IOException {
        Set<String> seen = new HashSet<>();
        for (long seed = 0; seed < 200; seed++) {
            SimulatedDisk before = SimulatedDisk.withSeed(seed);
            Files.writeString(before.path("/old"), "old");
            force(before.path("/old"));
            force(before.path("/"));
            Files.writeString(before.path("/new"), "new");
            force(before.path("/new"));
            Files.move(before.path("/new"), before.path("/old"), StandardCopyOption.ATOMIC_MOVE);
            SimulatedDisk after = before.crash();
            seen.add(Files.readString(after.path("/old")) + Files.exists(after.path("/new")));
        }
        assertThat(seen).containsExactlyInAnyOrder("oldfalse", "oldtrue", "newfalse");
    }

    @Test
    void aRenameThatIsNotAtomicCanLoseBothFiles() throws IOException {
        boolean lost = false;
        for (long seed = 0; seed < 200; seed++) {
            SimulatedDisk before = SimulatedDisk.withSeed(seed);
            Files.writeString(before.path("/old"), "old");
            Files.writeString(before.path("/new"), "new");
            force(before.path("/"));
            Files.move(
                    before.path("/new"), before.path("/old"), StandardCopyOption.REPLACE_EXISTING);
            lost |= Files.notExists(before.crash().path("/old"));
        }
        assertThat(lost).isTrue();
    }

    @Seeded(runs = 50)
    void theSameSeedAndOperationsLeaveTheSameDisk(Seed seed, RandomGenerator random)
            throws IOException {
        byte[] content = new byte[3000];
        random.nextBytes(content);
        byte[][] left = new byte[2][];
        for (int run = 0; run < 2; run++) {
            SimulatedDisk before = SimulatedDisk.withSeed(seed.value());
            try (FileChannel channel = durableFile(before, "/a")) {
                channel.write(ByteBuffer.wrap(content));
            }
            left[run] = Files.readAllBytes(before.crash().path("/a"));
        }
        assertThat(left[0]).isEqualTo(left[1]);
    }

    @Test
    void afterThePowerIsGoneTheOldDiskAnswersNothing() throws IOException {
        try (FileChannel channel = durableFile(disk, "/a")) {
            disk.crash();
            assertThat(disk.isPoweredOff()).isTrue();
            assertThatThrownBy(() -> channel.write(bytes("x")))
                    .isInstanceOf(PowerLossException.class);
            assertThatThrownBy(() -> channel.force(true)).isInstanceOf(PowerLossException.class);
            assertThatThrownBy(() -> Files.size(disk.path("/a")))
                    .isInstanceOf(PowerLossException.class);
        }
    }

    @Test
    void aKilledProcessLeavesThePageCacheButNotOnThePlatter() throws IOException {
        boolean lostLater = false;
        for (long seed = 0; seed < 50; seed++) {
            SimulatedDisk before = SimulatedDisk.withSeed(seed);
            try (FileChannel channel = durableFile(before, "/a")) {
                channel.lock();
                channel.write(bytes("cached"));
                SimulatedDisk after = before.kill();
                assertThat(Files.readString(after.path("/a"))).isEqualTo("cached");
                assertThat(after.usedBytes()).isEqualTo(6);
                try (FileChannel next = FileChannel.open(after.path("/a"), NEW)) {
                    assertThat(next.tryLock()).isNotNull();
                }
                lostLater |= Files.size(after.crash().path("/a")) == 0;
            }
        }
        assertThat(lostLater).isTrue();
    }

    @Test
    void cutsThePowerAtAnyByteOfAnyWrite() throws IOException {
        for (int count = 0; count <= 12; count++) {
            SimulatedDisk before = SimulatedDisk.withSeed(count);
            try (FileChannel channel = durableFile(before, "/a")) {
                before.cutPowerAfterBytes(count);
                int written = 0;
                while (written < 12) {
                    try {
                        written += channel.write(bytes("four"));
                    } catch (PowerLossException gone) {
                        break;
                    }
                }
                assertThat(written).isEqualTo(count == 12 ? 12 : count / 4 * 4);
                assertThat(Files.size(before.crash().path("/a"))).isBetween(0L, (long) count);
            }
        }
    }

    @Test
    void cutsThePowerAtAnyChange() throws IOException {
        for (int changes = 0; changes < 5; changes++) {
            SimulatedDisk before = SimulatedDisk.withSeed(changes);
            before.cutPowerAfterChanges(changes);
            assertThatThrownBy(
                            () -> {
                                try (FileChannel channel =
                                        FileChannel.open(before.path("/a"), NEW)) {
                                    channel.write(bytes("1"));
                                    channel.force(true);
                                    channel.truncate(0);
                                }
                                Files.delete(before.path("/a"));
                            })
                    .isInstanceOf(PowerLossException.class);
        }
    }

    @Test
    void aFullDiskTakesWhatFitsThenSaysSo() throws IOException {
        disk.limitBytes(5);
        try (FileChannel channel = durableFile(disk, "/a")) {
            assertThat(channel.write(bytes("12345678"))).isEqualTo(5);
            assertThatThrownBy(() -> channel.write(bytes("6")))
                    .isInstanceOf(IOException.class)
                    .hasMessage("No space left on device");
            assertThat(channel.write(bytes("9"), 0)).as("in place").isEqualTo(1);
            assertThat(Files.getFileStore(disk.path("/")).getUsableSpace()).isZero();
            channel.truncate(2);
            assertThat(channel.write(bytes("345"))).isEqualTo(3);
        }
        Files.delete(disk.path("/a"));
        assertThat(disk.usedBytes()).isZero();
    }

    @Test
    void aFailedForceLosesWhatItShouldHaveForced() throws IOException {
        try (FileChannel channel = durableFile(disk, "/a")) {
            channel.write(bytes("lost"));
            disk.fail(DiskOperation.FORCE, path -> path.endsWith("a"), 1);
            assertThatThrownBy(() -> channel.force(true)).hasMessage("Input/output error");
            channel.force(true);
            assertThat(Files.readString(disk.path("/a"))).isEqualTo("lost");
        }
        assertThat(Files.readString(disk.crash().path("/a"))).isEmpty();
    }

    @Test
    void failsTheOperationsAskedForUntilHealed() throws IOException {
        Files.writeString(disk.path("/a"), "a");
        disk.fail(DiskOperation.READ, path -> path.equals(Path.of("/a")));
        assertThatThrownBy(() -> Files.readString(disk.path("/a")))
                .hasMessage("Input/output error");
        disk.heal();
        assertThat(Files.readString(disk.path("/a"))).isEqualTo("a");
    }

    @Test
    void flipsOneBitForGood() throws IOException {
        Files.writeString(disk.path("/a"), "abc");
        disk.flipBit(disk.path("/a"), 1, 0);
        assertThat(Files.readString(disk.path("/a"))).isEqualTo("acc");
        force(disk.path("/a"));
        force(disk.path("/"));
        assertThat(Files.readString(disk.crash().path("/a"))).isEqualTo("acc");
    }

    @Test
    void locksAreExclusive() throws IOException {
        try (FileChannel other = durableFile(disk, "/lock")) {
            try (FileChannel one = durableFile(disk, "/lock")) {
                assertThat(one.tryLock()).isNotNull();
                assertThatThrownBy(other::tryLock).isInstanceOf(OverlappingFileLockException.class);
            }
            assertThat(other.tryLock()).isNotNull();
        }
        disk.lockByAnotherProcess(disk.path("/lock"));
        try (FileChannel one = FileChannel.open(disk.path("/lock"), NEW)) {
            assertThat(one.tryLock()).isNull();
        }
    }

    @Test
    void holdsAnOperationUntilReleased() throws Exception {
        try (FileChannel channel = durableFile(disk, "/a")) {
            HeldOperations held = disk.hold(DiskOperation.FORCE, path -> true);
            CompletableFuture<Boolean> forced =
                    CompletableFuture.supplyAsync(
                            () -> {
                                try {
                                    channel.force(true);
                                    return true;
                                } catch (IOException failed) {
                                    return false;
                                }
                            });
            Eventually.until(Duration.ofSeconds(10), () -> held.waiting() == 1, "a held force");
            assertThat(forced).isNotDone();
            held.close();
            assertThat(forced.get()).isTrue();
        }
    }

    @Test
    void aSlowDiskTakesItsTime() throws IOException {
        disk.slow(DiskOperation.FORCE, path -> path.endsWith("slow"), Duration.ofMillis(30));
        try (FileChannel slow = durableFile(disk, "/slow")) {
            long startNanos = System.nanoTime();
            slow.force(true);
            assertThat(Duration.ofNanos(System.nanoTime() - startNanos))
                    .isGreaterThanOrEqualTo(Duration.ofMillis(30));
        }
    }

    @Test
    void manyThreadsMayWriteAtOnce() {
        List<CompletableFuture<Void>> writers = new ArrayList<>();
        for (int index = 0; index < 8; index++) {
            String path = "/file" + index;
            writers.add(CompletableFuture.runAsync(() -> writeAndForce(path, 200)));
        }
        CompletableFuture.allOf(writers.toArray(CompletableFuture<?>[]::new)).join();
        assertThat(disk.usedBytes()).isEqualTo(8 * 200 * 7);
        SimulatedDisk after = disk.crash();
        assertThat(after.usedBytes()).isEqualTo(8 * 200 * 7);
    }

    private void writeAndForce(String path, int times) {
        try (FileChannel channel = durableFile(disk, path)) {
            for (int count = 0; count < times; count++) {
                channel.write(bytes("7 bytes"));
                channel.force(false);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Test
    void countsForcesAndWrites() throws IOException {
        try (FileChannel channel = durableFile(disk, "/a")) {
            channel.write(new ByteBuffer[] {bytes("12"), bytes("345")});
            channel.force(true);
        }
        assertThat(disk.counters()).isEqualTo(new DiskCounters(2, 5, 0, 1, 1, 1));
    }
}
