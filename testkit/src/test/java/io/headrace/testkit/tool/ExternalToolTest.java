package io.headrace.testkit.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

final class ExternalToolTest {
    private static final ExternalTool TOOL = new ExternalTool("frobnicate", "apt-get install it");

    @TempDir private Path folder;

    @Test
    void findsAnExecutableOnThePath() throws IOException {
        Path program = Files.createFile(folder.resolve("frobnicate"));
        assertThat(TOOL.find("/nowhere:" + folder)).as("not executable").isEmpty();
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(TOOL.find("/nowhere:" + folder)).contains(program);
        assertThat(TOOL.find("")).isEmpty();
    }

    @Test
    void withoutTheToolATestIsSkippedAndSaysWhy() {
        assertThatThrownBy(() -> TOOL.assumeOrRequire(Optional.empty(), false))
                .isInstanceOf(TestAbortedException.class)
                .hasMessageContaining("frobnicate is not installed (apt-get install it)");
    }

    @Test
    void whereToolsAreRequiredATestFails() {
        assertThatThrownBy(() -> TOOL.assumeOrRequire(Optional.empty(), true))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("frobnicate is not installed");
        assertThat(TOOL.assumeOrRequire(Optional.of(folder), true)).isEqualTo(folder);
    }
}
