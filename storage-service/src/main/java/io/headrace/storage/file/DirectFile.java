package io.headrace.storage.file;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Opens files to be read past the page cache (O_DIRECT), where the file system can. */
final class DirectFile {
    /** What positions, sizes and addresses are multiples of; of every device's blocks, too. */
    static final int ALIGNMENT = 4096;

    /** The mode; null where the JDK has none. */
    static final @Nullable OpenOption DIRECT = directOption();

    private DirectFile() {}

    /** The JDK's own option, by name: compilers warn of it, and not every JDK has it. */
    private static @Nullable OpenOption directOption() {
        try {
            Object[] options =
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants();
            for (Object option : options == null ? new Object[0] : options) {
                if (option instanceof OpenOption found && found.toString().equals("DIRECT")) {
                    return found;
                }
            }
            return null;
        } catch (ClassNotFoundException e) {
            return null;
        }
    }

    /**
     * Null where the file system has no such mode, some of which say so only when they are to read;
     * what else is wrong, the usual open tells.
     */
    static @Nullable FileChannel open(Path path) {
        if (DIRECT == null) {
            return null;
        }
        try {
            return FileChannel.open(path, StandardOpenOption.READ, DIRECT);
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return null;
        }
    }

    static ByteBuffer aligned(int bytes) {
        return ByteBuffer.allocateDirect(bytes + ALIGNMENT).alignedSlice(ALIGNMENT);
    }

    /** The aligned position at or below one. */
    static long floor(long position) {
        return position - position % ALIGNMENT;
    }

    /** The aligned size at or above one. */
    static long ceiling(long size) {
        return floor(size + ALIGNMENT - 1);
    }
}
