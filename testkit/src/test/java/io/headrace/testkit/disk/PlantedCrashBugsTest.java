package io.headrace.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.CopyOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/**
 * Goal: the simulated disk finds the classic mistakes of storage code, and nothing in correct code.
 * Method: a checkpoint file is replaced again and again; after a power loss anywhere it must hold
 * the last promised number, or the one that was being written.
 */
final class PlantedCrashBugsTest {
    private static final int SEEDS = 400;
    private static final Set<StandardOpenOption> REPLACE =
            Set.of(
                    StandardOpenOption.CREATE,
                    StandardOpenOption.TRUNCATE_EXISTING,
                    StandardOpenOption.WRITE);

    /** How a checkpoint is written; each false is a mistake. */
    private record Care(
            boolean throughNewFile,
            boolean forceBytes,
            boolean forceDirectory,
            boolean atomicMove) {
        void write(Path folder, long number) throws IOException {
            Path checkpoint = folder.resolve("checkpoint");
            Path file = throughNewFile ? folder.resolve("checkpoint.new") : checkpoint;
            try (FileChannel channel = FileChannel.open(file, REPLACE)) {
                ByteBuffer buffer = ByteBuffer.allocate(16).putLong(number).putLong(number).flip();
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                if (forceBytes) {
                    channel.force(true);
                }
            }
            if (throughNewFile) {
                CopyOption how =
                        atomicMove
                                ? StandardCopyOption.ATOMIC_MOVE
                                : StandardCopyOption.REPLACE_EXISTING;
                Files.move(file, checkpoint, how);
            }
            if (forceDirectory) {
                forceNames(folder);
            }
        }
    }

    private static void forceNames(Path folder) throws IOException {
        try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static boolean survives(long seed, Care care) throws IOException {
        SimulatedDisk disk = SimulatedDisk.withSeed(seed);
        Path folder = Files.createDirectory(disk.path("/data"));
        forceNames(disk.path("/"));
        care.write(folder, 1);
        disk.cutPowerAfterChanges(seed % 23);
        long promised = 1;
        try {
            while (promised < 10) {
                care.write(folder, promised + 1);
                promised++;
            }
        } catch (PowerLossException gone) {
            assertThat(disk.isPoweredOff()).isTrue();
        }
        Path left = disk.crash().path("/data/checkpoint");
        if (Files.notExists(left) || Files.size(left) != 16) {
            return false;
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(left));
        long number = bytes.getLong();
        return number == bytes.getLong() && (number == promised || number == promised + 1);
    }

    private static int losses(Care care) throws IOException {
        int losses = 0;
        for (long seed = 0; seed < SEEDS; seed++) {
            losses += survives(seed, care) ? 0 : 1;
        }
        return losses;
    }

    @Test
    void correctCodeSurvivesEverySeed() throws IOException {
        assertThat(losses(new Care(true, true, true, true))).isZero();
    }

    @Test
    void findsAFileOverwrittenInPlace() throws IOException {
        assertThat(losses(new Care(false, true, true, true))).isPositive();
    }

    @Test
    void findsARenameBeforeTheBytesAreForced() throws IOException {
        assertThat(losses(new Care(true, false, true, true))).isPositive();
    }

    @Test
    void findsADirectoryThatIsNotForced() throws IOException {
        assertThat(losses(new Care(true, true, false, true))).isPositive();
    }

    @Test
    void findsAReplacementThatIsNotAtomic() throws IOException {
        assertThat(losses(new Care(true, true, true, false))).isPositive();
    }
}
