package io.headrace.storage.file;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** Has files leave the page cache, as old ones do. */
public final class PageCache {
    private PageCache() {}

    /** The records files in a directory. */
    public static void evictAll(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files = all.filter(file -> file.toString().endsWith(".log")).toList();
        }
        for (Path file : files) {
            evict(file);
        }
    }

    /** Writes a file again, with the same content, past the page cache. */
    static void evict(Path file) throws IOException {
        byte[] content = Files.readAllBytes(file);
        ByteBuffer padded = DirectFile.aligned((int) DirectFile.ceiling(content.length));
        padded.put(content).clear();
        assumeTrue(DirectFile.DIRECT != null, "this JDK cannot write past the page cache");
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.WRITE,
                        Objects.requireNonNull(DirectFile.DIRECT))) {
            while (padded.hasRemaining()) {
                channel.write(padded, padded.position());
            }
            channel.truncate(content.length);
            channel.force(true);
        }
    }
}
