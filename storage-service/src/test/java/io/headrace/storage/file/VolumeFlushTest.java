package io.headrace.storage.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.headrace.testkit.disk.SimulatedDisk;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;

class VolumeFlushTest {
    @Test
    void onlySystemsThatReportFailedWritesAreSupported() {
        assertThat(VolumeFlush.isSupported("Linux", "5.7.19-generic")).isFalse();
        assertThat(VolumeFlush.isSupported("Linux", "5.8.0")).isTrue();
        assertThat(VolumeFlush.isSupported("Linux", "6.18.44-fc")).isTrue();
        assertThat(VolumeFlush.isSupported("Linux", "unknown")).isFalse();
        assertThat(VolumeFlush.isSupported("Mac OS X", "26.1")).isFalse();
    }

    @Test
    void theVolumeOfADirectoryIsFlushed(@TempDir Path directory) throws Exception {
        assumeThat(
                        VolumeFlush.isSupported(
                                System.getProperty("os.name"), System.getProperty("os.version")))
                .isTrue();
        VolumeFlush volume = Objects.requireNonNull(VolumeFlush.open(directory));
        LogFile file = LogFile.create(directory.resolve("written"));
        file.write(ByteBuffer.allocate(10_000), 0);
        assertThatCode(volume::flush).doesNotThrowAnyException();
        file.release();
        volume.close();
        assertThatThrownBy(volume::flush).hasMessageContaining("errno 9"); // EBADF
    }

    @Test
    void aDirectoryThatIsNotThereHasNone(@TempDir Path directory) {
        assertThat(VolumeFlush.open(directory.resolve("missing"))).isNull();
    }

    @Test
    void aSimulatedDiskHasNone() {
        assertThat(VolumeFlush.open(SimulatedDisk.withSeed(1).path("/"))).isNull();
    }
}
