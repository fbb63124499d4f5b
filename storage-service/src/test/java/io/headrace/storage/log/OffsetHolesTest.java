package io.headrace.storage.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.protocol.batch.BatchView;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/**
 * Goal: offsets may be missing between batches only where it was noted before; elsewhere two
 * damaged base offsets that fit each other are found. Compacted logs: see {@link
 * LogCompactionTest}.
 */
class OffsetHolesTest {
    private static final int LOWEST_BYTE = 7;

    @TempDir private Path directory;

    private static PartitionLog afterPowerLoss(LogFixture fixture, Path at) throws Exception {
        fixture.bootId = "another boot";
        return fixture.reopenAfterKill(at);
    }

    private static void flipOffset(Path file, long position) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, position + LOWEST_BYTE);
            one.put(0, (byte) (one.get(0) ^ 1)).flip();
            channel.write(one, position + LOWEST_BYTE);
        }
    }

    @Test
    void baseOffsetsThatAreDamagedAlikeDoNotConfirmEachOther() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        for (int i = 0; i < 5; i++) {
            fixture.append(log, 2, 100);
        }
        log.requestFlush();
        fixture.commit();
        long size = log.sizeInBytes() / 5;
        Path file = fixture.logPath().resolve("00000000000000000000.log");
        flipOffset(file, 3 * size); // 6 becomes 7
        flipOffset(file, 4 * size); // 8 becomes 9

        PartitionLog restarted = afterPowerLoss(fixture, directory);

        assertThat(restarted.unclean()).isPresent();
        assertThat(restarted.logEndOffset()).isEqualTo(10);
        fixture.letGo();
    }

    @Test
    void nobodyReadsThemEither() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        for (int i = 0; i < 4; i++) {
            fixture.append(log, 2, 100);
        }
        long size = log.sizeInBytes() / 4;
        PartitionLog restarted = fixture.restart(); // what follows is not warm
        Path file = fixture.logPath().resolve("00000000000000000000.log");
        for (int i = 1; i < 4; i++) {
            flipOffset(file, i * size);
        }

        assertThat(LogFixture.readBytes(restarted, 0, 10_000).remaining()).isEqualTo(size);
        assertThatThrownBy(() -> LogFixture.readBytes(restarted, 2, 10_000))
                .isInstanceOf(CorruptRangeException.class)
                .hasMessageContaining("begins at offset 3 where 2 should be");
        fixture.letGo();
    }

    @Test
    void aFollowerNotesWhatItsLeaderLacks() throws Exception {
        LogFixture fixture = new LogFixture(directory, Map.of());
        PartitionLog log = fixture.log();
        for (long offset : new long[] {0, 2, 7, 9}) {
            ByteBuffer batch = LogFixture.batch(2, 10, fixture.nowMs);
            BatchView.setBaseOffset(batch, 0, offset);
            BatchView.setLeaderEpoch(batch, 0, 3);
            log.append(batch, -1, AppendOrigin.REPLICATION, fixture.nowMs);
        }
        log.requestFlush();
        fixture.commit();

        PartitionLog restarted = afterPowerLoss(fixture, directory);

        assertThat(restarted.unclean()).isEmpty();
        assertThat(LogFixture.readOffsets(restarted))
                .containsExactly(0L, 1L, 2L, 3L, 7L, 8L, 9L, 10L);
        fixture.letGo();
    }
}
