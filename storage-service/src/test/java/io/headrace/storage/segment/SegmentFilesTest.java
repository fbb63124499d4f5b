package io.headrace.storage.segment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

final class SegmentFilesTest {
    private static final long[] OFFSETS = {0, 1, 9, 10, 4711, 1L << 40, Long.MAX_VALUE};

    @Test
    void namesHaveTwentyDigits() {
        for (long offset : OFFSETS) {
            Path path = SegmentFiles.path(Path.of("t-0"), offset, SegmentFiles.LOG);
            assertThat(path).hasFileName(String.format(Locale.ROOT, "%020d.log", offset));
        }
    }

    @Test
    void namesTellTheOffset() {
        for (long offset : OFFSETS) {
            String name =
                    SegmentFiles.path(Path.of("t-0"), offset, SegmentFiles.LOG)
                            .getFileName()
                            .toString();
            assertThat(SegmentFiles.baseOffset(name, SegmentFiles.LOG)).isEqualTo(offset);
            assertThat(SegmentFiles.baseOffset(name, SegmentFiles.OFFSET_INDEX)).isNegative();
        }
        assertThat(Arrays.asList("0.log", "x".repeat(20) + ".log", ".log"))
                .allMatch(name -> SegmentFiles.baseOffset(name, SegmentFiles.LOG) < 0);
    }
}
