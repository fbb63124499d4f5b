package io.headrace.storage.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;

final class OpenFilesTest {
    @TempDir Path directory;

    private Path file(String name) throws Exception {
        return Files.writeString(directory.resolve(name), name);
    }

    @Test
    void theLeastRecentlyUsedFileLeavesButStaysOpenForItsUser() throws Exception {
        OpenFiles files = new OpenFiles(2);
        LogFile a = files.acquire("a", file("a"));
        files.acquire("b", file("b")).release();
        files.acquire("a", file("a")).release();
        files.acquire("c", file("c")).release();
        assertThat(files.count()).isEqualTo(2);
        assertThat(files.acquireIfOpen("b")).isNull();
        files.acquire("d", file("d")).release();
        assertThat(files.acquireIfOpen("a")).isNull();

        ByteBuffer read = ByteBuffer.allocate(1);
        a.readFully(read, 0);
        assertThat(read.get(0)).isEqualTo((byte) 'a');
        a.release();
        assertThatThrownBy(() -> a.readFully(ByteBuffer.allocate(1), 0))
                .isInstanceOf(ClosedChannelException.class);
        assertThat(a.retain()).isFalse();
    }

    @Test
    void aRemovedFileClosesWithItsLastUser() throws Exception {
        OpenFiles files = new OpenFiles(2);
        LogFile a = files.acquire("a", file("a"));
        files.remove("a");
        a.readFully(ByteBuffer.allocate(1), 0);
        a.release();
        assertThat(a.channel().isOpen()).isFalse();
    }
}
