package io.headrace.storage.file;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes all that was written to one mounted volume durable with a single device flush: {@code
 * syncfs(2)}. Many files cost about as much as one; what other programs wrote to the volume is
 * waited for too.
 *
 * <p>Only where {@code syncfs} tells its caller of failed writes: Linux from 5.8. Confined to one
 * thread at a time.
 */
public final class VolumeFlush implements AutoCloseable {
    private static final int CLOSE_ON_EXEC = 0x80000; // O_RDONLY | O_CLOEXEC
    private static final Pattern KERNEL = Pattern.compile("(\\d+)\\.(\\d+).*");

    private final Path directory;
    private final SystemCalls calls;
    private final int descriptor;

    private VolumeFlush(Path directory, SystemCalls calls, int descriptor) {
        this.directory = directory;
        this.calls = calls;
        this.descriptor = descriptor;
    }

    /** The volume that holds the directory, or null where this cannot be had. */
    public static @Nullable VolumeFlush open(Path directory) {
        if (FlushWitness.isActive()
                || !directory.getFileSystem().equals(FileSystems.getDefault())
                || !isSupported(System.getProperty("os.name"), System.getProperty("os.version"))) {
            return null;
        }
        try {
            SystemCalls calls = new SystemCalls();
            int descriptor = calls.open(directory.toAbsolutePath());
            return descriptor < 0 ? null : new VolumeFlush(directory, calls, descriptor);
        } catch (IllegalCallerException nativeAccessIsDenied) {
            return null;
        }
    }

    /** Whether such a system tells the caller of {@code syncfs} of failed writes. */
    static boolean isSupported(String osName, String osVersion) {
        Matcher version = KERNEL.matcher(osVersion);
        if (!osName.equals("Linux") || !version.matches()) {
            return false;
        }
        int major = Integer.parseInt(version.group(1));
        return major > 5 || (major == 5 && Integer.parseInt(version.group(2)) >= 8);
    }

    /**
     * Waits until the device has all bytes written to the volume's files before this call.
     *
     * @throws IOException if a write failed, of whatever file of the volume
     */
    public void flush() throws IOException {
        int error = calls.syncfs(descriptor);
        if (error != 0) {
            throw new IOException("syncfs of the volume of " + directory + ": errno " + error);
        }
    }

    @Override
    public void close() {
        calls.close(descriptor);
    }

    /** The C library's functions. */
    @SuppressWarnings("restricted") // the JDK has no other way to syncfs; signatures are checked
    private static final class SystemCalls {
        private static final StructLayout STATE = Linker.Option.captureStateLayout();
        private static final long ERRNO_AT =
                STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

        private final MethodHandle open;
        private final MethodHandle syncfs;
        private final MethodHandle close;
        private final MemorySegment state = Arena.ofAuto().allocate(STATE);

        SystemCalls() {
            Linker linker = Linker.nativeLinker();
            open =
                    linker.downcallHandle(
                            linker.defaultLookup().findOrThrow("open"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.JAVA_INT),
                            Linker.Option.firstVariadicArg(2));
            FunctionDescriptor ofDescriptor =
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
            syncfs =
                    linker.downcallHandle(
                            linker.defaultLookup().findOrThrow("syncfs"),
                            ofDescriptor,
                            Linker.Option.captureCallState("errno"));
            close =
                    linker.downcallHandle(
                            linker.defaultLookup().findOrThrow("close"), ofDescriptor);
        }

        int open(Path path) {
            try (Arena arena = Arena.ofConfined()) {
                return (int) open.invokeExact(arena.allocateFrom(path.toString()), CLOSE_ON_EXEC);
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }

        /** 0, or the error's number. */
        int syncfs(int descriptor) {
            try {
                int result = (int) syncfs.invokeExact(state, descriptor);
                return result == 0 ? 0 : state.get(ValueLayout.JAVA_INT, ERRNO_AT);
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }

        void close(int descriptor) {
            try {
                int ignored = (int) close.invokeExact(descriptor);
            } catch (Throwable e) {
                throw unexpected(e);
            }
        }

        /** The called functions throw nothing; what comes is of the call itself. */
        private static IllegalStateException unexpected(Throwable e) {
            return new IllegalStateException("A call into the C library failed", e);
        }
    }
}
