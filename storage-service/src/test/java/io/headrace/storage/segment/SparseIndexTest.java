package io.headrace.storage.segment;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.random.Seeded;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** Goal: an index finds the same wherever its entries are, in memory, in the file or in both. */
class SparseIndexTest {
    @TempDir private Path directory;

    private SparseIndex index() {
        Path path = directory.resolve("index");
        return new SparseIndex(SparseIndex.Kind.BY_OFFSET, () -> path, 0);
    }

    private static void write(SparseIndex index) throws IOException {
        SparseIndex.View view = index.view();
        view.write(false);
        index.onWritten(view);
    }

    @Test
    void memoryKeepsWhatIsWrittenUntilItIsToldToForget() throws IOException {
        SparseIndex index = index();
        for (int i = 0; i < 100; i++) {
            index.append(10L * i, 4096 * i);
        }
        write(index);
        assertThat(index.isInMemory()).isTrue();
        assertThat(index.floorValueInMemory(505)).isEqualTo(4096 * 50);
        index.forgetBelow(4096 * 60, 1000);
        assertThat(index.isInMemory()).isFalse();
        assertThat(index.floorValueInMemory(505)).isEqualTo(-1);
        assertThat(index.floorValueInMemory(605)).isEqualTo(4096 * 60);
        assertThat(index.view().floor(505)).isEqualTo(new SparseIndex.Entry(500, 4096 * 50));
        index.forgetBelow(0, 5);
        assertThat(index.floorValueInMemory(945)).isEqualTo(-1);
        assertThat(index.floorValueInMemory(955)).isEqualTo(4096 * 95);
    }

    @Test
    void anIndexWithoutEntriesMakesNoFileAndEmptiesTheOneThatIsThere() throws IOException {
        SparseIndex.View empty = index().view();
        empty.writeEntries(false);
        assertThat(directory.resolve("index")).doesNotExist();

        Files.write(directory.resolve("index"), new byte[16]);
        empty.writeEntries(false);
        assertThat(directory.resolve("index")).isEmptyFile();
    }

    @Test
    void whatIsNotWrittenIsNeverForgotten() throws IOException {
        SparseIndex index = index();
        index.append(0, 0);
        write(index);
        index.append(10, 4096);
        index.forgetBelow(Long.MAX_VALUE, 0);
        assertThat(index.floorValueInMemory(5)).isEqualTo(-1);
        assertThat(index.floorValueInMemory(15)).isEqualTo(4096);
        assertThat(index.view().floor(5)).isEqualTo(new SparseIndex.Entry(0, 0));
    }

    @Seeded(runs = 30)
    void findsWhatAMapFinds(RandomGenerator random) throws IOException {
        SparseIndex index = index();
        TreeMap<Long, Integer> model = new TreeMap<>();
        long key = 0;
        int value = 0;
        SparseIndex.View written = index.view();
        for (int step = 0; step < 500; step++) {
            switch (random.nextInt(10)) {
                case 0 -> {
                    written = index.view();
                    written.write(random.nextBoolean());
                }
                case 1 -> index.onWritten(written);
                case 2 -> index.forgetBelow(random.nextLong(value + 1L), random.nextInt(200));
                default -> {
                    key += 1 + random.nextInt(20);
                    value += 1 + random.nextInt(5000);
                    index.append(key, value);
                    model.put(key, value);
                }
            }
            long asked = random.nextLong(key + 2);
            Map.Entry<Long, Integer> expected = model.floorEntry(asked);
            SparseIndex.Entry found = index.view().floor(asked);
            assertThat(index.count()).isEqualTo(model.size());
            if (expected == null) {
                assertThat(found.isNone()).isTrue();
            } else {
                assertThat(found)
                        .isEqualTo(new SparseIndex.Entry(expected.getKey(), expected.getValue()));
                assertThat(index.floorValueInMemory(asked)).isIn(-1, expected.getValue());
            }
        }
    }
}
