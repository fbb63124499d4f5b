package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.storage.recovery.OffsetHoles;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Goal: a batch is not sent under other offsets than its own, though its checksum does not cover
 * them, nor where offsets may be missing. What follows it denies a damaged one; behind the last
 * batch the log's end does. Logs without holes: see {@link OffsetHolesTest}.
 */
class DamagedOffsetTest {
    private static final int LOWEST_BYTE = 7;

    @TempDir private Path directory;

    private PartitionLog withBatches(int count) throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        for (int i = 0; i < count; i++) {
            fixture.append(fixture.log(), 2, 100);
        }
        OffsetHoles.note(fixture.logPath());
        PartitionLog log = fixture.restart();
        Path file = fixture.logPath().resolve("00000000000000000000.log");
        long sizeInBytes = log.sizeInBytes() / count;
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            long at = (count - 1) * sizeInBytes + LOWEST_BYTE;
            channel.read(one, at);
            one.put(0, (byte) (one.get(0) ^ 1)).flip();
            channel.write(one, at);
        }
        return log;
    }

    @Test
    void ofTheOnlyBatch() throws Exception {
        PartitionLog log = withBatches(1);
        assertThatThrownBy(() -> LogFixture.readBytes(log, 0, 1_000))
                .isInstanceOf(CorruptRangeException.class)
                .hasMessageContaining("ends above offset 2");
    }

    @Test
    void ofTheLastBatch() throws Exception {
        PartitionLog log = withBatches(5);
        assertThat(LogFixture.readBytes(log, 0, 10_000).remaining())
                .isEqualTo(log.sizeInBytes() / 5 * 4);
        assertThatThrownBy(() -> LogFixture.readBytes(log, 8, 1_000))
                .isInstanceOf(CorruptRangeException.class);
        assertThatThrownBy(() -> LogFixture.readBytes(log, 9, 1_000))
                .isInstanceOf(CorruptRangeException.class);
    }
}
