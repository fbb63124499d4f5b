package io.headrace.storage.file;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/** Directory entries and small files: what is durable when each method returns is stated there. */
public final class Directories {
    private static final String TEMPORARY_SUFFIX = ".tmp";

    private Directories() {}

    /** Waits until the device has the directory's entries (fsync of the directory). */
    public static void flush(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Creates a directory and those it is in, as far as they do not exist; durable, also when it is
     * there and empty, since whoever made it may not have come to the flush.
     */
    public static void create(Path directory) throws IOException {
        Path absolute = directory.toAbsolutePath();
        if (Files.isDirectory(absolute)) {
            Path parent = absolute.getParent();
            if (parent != null && list(absolute).isEmpty()) {
                flush(parent);
            }
            return;
        }
        Path parent = parentOf(absolute);
        create(parent);
        Files.createDirectory(absolute);
        flush(parent);
    }

    /** Renames; durable only after {@link #flush} of the directory. */
    public static void rename(Path from, Path to) throws IOException {
        Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Replaces a file's content as a whole: a crash leaves the old one or the new one; durable. */
    public static void replace(Path file, byte[] content) throws IOException {
        write(file, content, true);
        flush(parentOf(file));
    }

    /** Like {@link #replace}, but survives only a crash of the process, not of the machine. */
    public static void replaceUnflushed(Path file, byte[] content) throws IOException {
        write(file, content, false);
    }

    /** Replaces a file's content with text; see {@link #replace}. */
    public static void replace(Path file, String content) throws IOException {
        replace(file, content.getBytes(StandardCharsets.UTF_8));
    }

    /** First step of a replacement whose flushes are shared: the content under another name. */
    public static void prepareReplacement(Path file, byte[] content) throws IOException {
        writeTemporary(file, content, false);
    }

    /** Makes durable what {@link #prepareReplacement} wrote. */
    public static void flushReplacement(Path file, int sizeInBytes) throws IOException {
        flushFile(temporaryOf(file), sizeInBytes);
    }

    /**
     * Last step, once the content is durable; to be followed by {@link #flush} of the directory.
     */
    public static void publishReplacement(Path file) throws IOException {
        rename(temporaryOf(file), file);
    }

    /** Waits until the device has a small file that was written as a whole. */
    public static void flushFile(Path file, int sizeInBytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        FlushWitness.reset(FlushWitness.identify(file), sizeInBytes);
    }

    private static Path temporaryOf(Path file) {
        return file.resolveSibling(file.getFileName() + TEMPORARY_SUFFIX);
    }

    private static void write(Path file, byte[] content, boolean durable) throws IOException {
        writeTemporary(file, content, durable);
        rename(temporaryOf(file), file);
    }

    private static void writeTemporary(Path file, byte[] content, boolean durable)
            throws IOException {
        Path temporary = temporaryOf(file);
        try {
            fill(temporary, content, durable);
        } catch (IOException e) {
            try {
                Files.deleteIfExists(temporary); // on a full disk its bytes are wanted
            } catch (IOException left) {
                e.addSuppressed(left);
            }
            throw e;
        }
    }

    private static void fill(Path temporary, byte[] content, boolean durable) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (durable) {
                channel.force(true);
            }
            FlushWitness.reset(FlushWitness.identify(temporary), durable ? content.length : 0);
        }
    }

    /** The content of a file, or null when there is none. */
    public static byte @Nullable [] readIfExists(Path file, int sizeMaxBytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size > sizeMaxBytes) {
                throw new IOException(
                        file
                                + " has "
                                + size
                                + " bytes, more than the "
                                + sizeMaxBytes
                                + " allowed");
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) size);
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // until all is there
            }
            byte[] content = new byte[bytes.position()];
            bytes.flip().get(content);
            return content;
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** The entries of a directory. */
    public static List<Path> list(Path directory) throws IOException {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            for (Path entry : stream) {
                entries.add(entry);
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        return entries;
    }

    /** Deletes a directory and all in it; one that is not there is no error. */
    public static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        Files.walkFileTree(
                directory,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(
                            Path visited, @Nullable IOException failure) throws IOException {
                        if (failure != null) {
                            throw failure;
                        }
                        Files.delete(visited);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    /** The directory a path is in. */
    public static Path parentOf(Path path) {
        Path parent = path.getParent();
        if (parent == null) {
            throw new IllegalArgumentException(path + " has no directory");
        }
        return parent;
    }
}
