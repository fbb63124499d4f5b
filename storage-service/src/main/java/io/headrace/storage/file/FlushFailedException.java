package io.headrace.storage.file;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The device did not take what was written to a file. The system may have dropped it, so no later
 * flush can make up for it, whatever the reason: not even a disk that has room again.
 */
public final class FlushFailedException extends IOException {
    private static final long serialVersionUID = 1;

    FlushFailedException(Path file, IOException cause) {
        super("Flush of " + file + " failed: " + cause.getMessage(), cause);
    }
}
