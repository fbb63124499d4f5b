package io.headrace.standalone.up;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The directory of one running platform, locked: the services' directories and the log file. */
final class DataDirectory implements AutoCloseable {
    private static final String LOCK = ".lock";
    private static final String META = "meta.properties";

    private final Path path;
    private final FileChannel lock;

    private DataDirectory(Path path, FileChannel lock) {
        this.path = path;
        this.lock = lock;
    }

    /**
     * Opens a directory, which is made when absent.
     *
     * @throws StartFailedException if it cannot be used, or another process uses it; nothing is
     *     changed then
     */
    static DataDirectory open(Path directory) throws StartFailedException {
        Path path = directory.toAbsolutePath().normalize();
        if (Files.exists(path) && !Files.isDirectory(path)) {
            throw refused(path, "it is not a directory");
        }
        if (Files.exists(path.resolve(META))) {
            throw refused(path, "a broker keeps its log there (it holds " + META + ")");
        }
        try {
            Files.createDirectories(path);
            FileChannel channel =
                    FileChannel.open(
                            path.resolve(LOCK),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
            if (tryLock(channel) == null) {
                channel.close();
                throw new StartFailedException(
                        "The data directory "
                                + path
                                + " is in use by another running headrace: stop that, or choose"
                                + " another directory with --data");
            }
            return new DataDirectory(path, channel);
        } catch (AccessDeniedException e) {
            throw refused(path, "this user may not write there");
        } catch (IOException e) {
            throw refused(path, e.getClass().getSimpleName() + ": " + e.getMessage());
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    private static StartFailedException refused(Path path, String why) {
        return new StartFailedException(
                "Cannot use the data directory "
                        + path
                        + ": "
                        + why.replace("Exception:", ":")
                        + "; choose another with --data");
    }

    /** A path in the directory. */
    String resolve(String name) {
        return path.resolve(name).toString();
    }

    Path path() {
        return path;
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
