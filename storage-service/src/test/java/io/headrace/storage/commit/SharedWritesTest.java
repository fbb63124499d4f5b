package io.headrace.storage.commit;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.storage.file.VolumeFlush;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

class SharedWritesTest {
    @TempDir private Path directory;

    private final ArrayDeque<Runnable> io = new ArrayDeque<>();
    private final List<String> steps = new ArrayList<>();

    private final class Recorded implements SharedWrites.Write {
        private final String name;
        private final String failing;

        Recorded(String name, String failing) {
            this.name = name;
            this.failing = failing;
        }

        private void step(String step) throws IOException {
            steps.add(step + " " + name);
            if (step.equals(failing)) {
                throw new IOException(step);
            }
        }

        @Override
        public void prepare() throws IOException {
            step("prepare");
        }

        @Override
        public void flushPrepared() throws IOException {
            step("flush");
        }

        @Override
        public void publish() throws IOException {
            step("publish");
        }

        @Override
        public Path publishedIn() {
            return directory;
        }

        @Override
        public void done(@Nullable IOException failure) {
            steps.add((failure == null ? "done " : "failed ") + name);
        }
    }

    private SharedWrites writes() {
        return new SharedWrites(directory, io::add);
    }

    private void runAll() {
        for (Runnable next = io.poll(); next != null; next = io.poll()) {
            next.run();
        }
    }

    @Test
    void aSingleWriteIsFlushedBeforeItGetsItsName() {
        writes().submit(new Recorded("a", ""));
        runAll();
        assertThat(steps).containsExactly("prepare a", "flush a", "publish a", "done a");
    }

    @Test
    void oneThatFailsHoldsBackNoOther() {
        SharedWrites writes = writes();
        writes.submit(new Recorded("a", "prepare"));
        writes.submit(new Recorded("b", "flush"));
        writes.submit(new Recorded("c", "publish"));
        writes.submit(new Recorded("d", ""));
        runAll();
        assertThat(steps)
                .contains("failed a", "failed b", "failed c", "done d")
                .doesNotContain("flush a", "publish a", "publish b", "done a", "done b", "done c");
    }

    @Test
    void manyAreAllPreparedBeforeTheFirstGetsItsName() throws Exception {
        SharedWrites writes = writes();
        for (int i = 0; i < 20; i++) {
            writes.submit(new Recorded("w" + i, ""));
        }
        assertThat(io).hasSize(1);
        runAll();
        assertThat(steps.subList(0, 20)).allMatch(step -> step.startsWith("prepare"));
        assertThat(steps.subList(steps.size() - 20, steps.size()))
                .allMatch(step -> step.startsWith("done"));
        try (VolumeFlush volume = VolumeFlush.open(directory)) {
            long single = steps.stream().filter(step -> step.startsWith("flush")).count();
            assertThat(single).isEqualTo(volume == null ? 20 : 0);
        }
    }

    @Test
    void aReplacedFileHasItsNewContent() throws Exception {
        SharedWrites writes = writes();
        List<@Nullable IOException> failures = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Path file = directory.resolve("file" + i);
            Files.writeString(file, "old");
            writes.submit(new FileReplacement(file, "new" + i, failures::add));
        }
        runAll();
        assertThat(failures).hasSize(10).containsOnlyNulls();
        for (int i = 0; i < 10; i++) {
            assertThat(directory.resolve("file" + i)).hasContent("new" + i);
        }
        assertThat(directory).isDirectoryNotContaining("glob:**.tmp");
    }
}
