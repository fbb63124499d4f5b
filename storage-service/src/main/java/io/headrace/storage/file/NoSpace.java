package io.headrace.storage.file;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;

/**
 * Tells a full disk from a broken one. The JDK gives only the system's message, in the language of
 * the process: so it is compared with what the system says for these errors.
 */
public final class NoSpace {
    private static final int ENOSPC = 28;
    private static final int EDQUOT = 122;
    private static final int MESSAGE_MAX_BYTES = 256;
    private static final Set<String> MESSAGES = messages();

    private NoSpace() {}

    /** Whether an operation failed because no room, or no more of a quota, was left. */
    public static boolean isCauseOf(@Nullable Throwable failure) {
        for (Throwable each = failure; each != null; each = each.getCause()) {
            if (each instanceof FlushFailedException) {
                return false; // bytes are lost: more than space is wanting
            }
            String message = each.getMessage();
            if (each instanceof IOException && message != null && names(message)) {
                return true;
            }
        }
        return false;
    }

    private static boolean names(String message) {
        for (String known : MESSAGES) {
            if (message.contains(known)) {
                return true;
            }
        }
        return false;
    }

    private static Set<String> messages() {
        Set<String> known = new HashSet<>(Set.of("No space left on device", "Disk quota exceeded"));
        if ("Linux".equals(System.getProperty("os.name"))) {
            try {
                known.add(systemMessage(ENOSPC));
                known.add(systemMessage(EDQUOT));
            } catch (IllegalCallerException nativeAccessIsDenied) {
                return Set.copyOf(known); // the English messages are known anyway
            }
        }
        return Set.copyOf(known);
    }

    @SuppressWarnings("restricted") // the JDK has no other way to strerror; its signature is known
    private static String systemMessage(int error) {
        Linker linker = Linker.nativeLinker();
        try {
            MemorySegment message =
                    (MemorySegment)
                            linker.downcallHandle(
                                            linker.defaultLookup().findOrThrow("strerror"),
                                            FunctionDescriptor.of(
                                                    ValueLayout.ADDRESS, ValueLayout.JAVA_INT))
                                    .invokeExact(error);
            return message.reinterpret(MESSAGE_MAX_BYTES).getString(0);
        } catch (IllegalCallerException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException("A call into the C library failed", e);
        }
    }
}
