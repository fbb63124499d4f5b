package io.headrace.storage.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.disk.SimulatedDisk;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;

/** Goal: what is read past the page cache is what the file has, wherever it begins and ends. */
class DirectReadsTest {
    private static final int SIZE = (3 << 20) + 4321;

    @TempDir private Path folder;
    private final DirectReads reads = new DirectReads();
    private final byte[] content = new byte[SIZE];
    private Path file;

    @BeforeEach
    void write() throws IOException {
        new SplittableRandom(11).nextBytes(content);
        file = Files.write(folder.resolve("records"), content);
        PageCache.evict(file);
    }

    private void requireSame(DirectReads.Loaded loaded, int position, int size) {
        assertThat(loaded.bytes()).isEqualTo(ByteBuffer.wrap(content, position, size));
    }

    @Test
    void anyRangeIsRead() {
        SplittableRandom random = new SplittableRandom(12);
        for (int i = 0; i < 300; i++) {
            int position = random.nextInt(SIZE);
            int size = 1 + random.nextInt(Math.min(1 << 20, SIZE - position));
            DirectReads.Loaded loaded = Objects.requireNonNull(reads.read(file, position, size));
            requireSame(loaded, position, size);
            loaded.release();
        }
        DirectReads.Loaded last = Objects.requireNonNull(reads.read(file, SIZE - 1, 1));
        requireSame(last, SIZE - 1, 1);
        last.release();
    }

    @Test
    void whatIsInThePageCacheIsLeftToIt() throws IOException {
        assertThat(Files.readAllBytes(file)).isEqualTo(content);
        assertThat(reads.read(file, 5_000, 10_000)).isNull();
        assertThat(reads.count()).isZero();
    }

    /** A mapping beyond the end could make a file longer. */
    @Test
    void beyondTheEndThereIsNothing() throws IOException {
        assertThat(reads.read(file, SIZE - 10, 11)).isNull();
        assertThat(reads.read(file, SIZE + 8192, 100)).isNull();
        assertThat(Files.size(file)).isEqualTo(SIZE);
        Objects.requireNonNull(reads.read(file, 0, 100)).release();
    }

    @Test
    void whatIsTooLargeOrGoneIsLeftToTheUsualWay() {
        assertThat(reads.read(file, 1, 2 << 20)).isNull();
        assertThat(reads.read(folder.resolve("none"), 0, 100)).isNull();
        Objects.requireNonNull(reads.read(file, 0, 100)).release();
    }

    @Test
    void aFileSystemThatCannotIsAskedOnce() throws IOException {
        Path elsewhere = SimulatedDisk.withSeed(1).path("/records");
        Files.write(elsewhere, content);
        assertThat(reads.read(elsewhere, 0, 100)).isNull();
        assertThat(reads.read(file, 0, 100)).isNull();
        assertThat(reads.count()).isZero();
    }

    @Test
    void memoryIsBoundedAndWhatNobodyAskedForIsGivenUp() {
        List<DirectReads.Loaded> held = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            held.add(Objects.requireNonNull(reads.read(file, i * 10_000L, 10_000)));
        }
        assertThat(reads.read(file, 0, 100)).isNull();
        for (int i = 0; i < 16; i++) {
            requireSame(held.get(i), i * 10_000, 10_000);
        }

        held.get(3).lay();
        held.get(4).lay();
        DirectReads.Loaded next = Objects.requireNonNull(reads.read(file, 500_000, 100));
        requireSame(next, 500_000, 100);
        assertThat(held.get(3).take()).isFalse();
        assertThat(held.get(4).take()).isTrue();
        assertThat(held.get(4).take()).isFalse();
        requireSame(held.get(4), 40_000, 10_000);
        assertThat(reads.read(file, 0, 100)).isNull();

        held.get(0).release();
        Objects.requireNonNull(reads.read(file, 0, 100)).release();
    }
}
