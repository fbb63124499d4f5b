package io.headrace.storage.file;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Notes how much of each file the device has, so that a fault test can take the rest away when it
 * cuts the power: after a kill, whatever was not noted is dropped from the files. Off unless the
 * JVM's property {@value #PROPERTY} names the file to note it in.
 *
 * <p>A line is {@code = inode length}, the file has this length now, or {@code + inode length}, the
 * device has at least so much; an inode without a line has nothing. Thread-safe.
 */
public final class FlushWitness {
    /** Names the file with the notes. */
    public static final String PROPERTY = "headrace.faults.flush-witness";

    private static final @Nullable FlushWitness ACTIVE = ofProperty();

    private final FileChannel notes;

    private FlushWitness(FileChannel notes) {
        this.notes = notes;
    }

    private static @Nullable FlushWitness ofProperty() {
        String file = System.getProperty(PROPERTY);
        if (file == null) {
            return null;
        }
        try {
            return new FlushWitness(
                    FileChannel.open(
                            Path.of(file), StandardOpenOption.CREATE, StandardOpenOption.APPEND));
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write the notes named by " + PROPERTY, e);
        }
    }

    /** Whether it is on: then each file must be flushed by itself. */
    static boolean isActive() {
        return ACTIVE != null;
    }

    /** The identity of a file that stays through renaming; null when nothing is noted. */
    static @Nullable Object identify(Path path) throws IOException {
        return ACTIVE == null ? null : Files.getAttribute(path, "unix:ino");
    }

    /** Notes that the device has the file up to a length at least. */
    static void flushed(@Nullable Object identity, long lengthInBytes) throws IOException {
        note("+ ", identity, lengthInBytes);
    }

    /** Notes that the file is new, replaced or cut: the device has this much of it. */
    static void reset(@Nullable Object identity, long lengthInBytes) throws IOException {
        note("= ", identity, lengthInBytes);
    }

    private static void note(String what, @Nullable Object identity, long lengthInBytes)
            throws IOException {
        FlushWitness witness = ACTIVE;
        if (witness == null || identity == null) {
            return;
        }
        ByteBuffer line =
                ByteBuffer.wrap(
                        (what + identity + " " + lengthInBytes + "\n")
                                .getBytes(StandardCharsets.UTF_8));
        synchronized (witness.notes) {
            while (line.hasRemaining()) {
                witness.notes.write(line);
            }
        }
    }
}
