package io.headrace.storage.recovery;

import io.headrace.storage.file.Directories;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A note in a log's directory that offsets are missing between its batches: compaction removed
 * some, or the leader that they were copied from lacks them. It is durable before the first hole
 * is, and stays. Where there is none, each batch begins where the one before ends, and whatever
 * says something else is damaged: no CRC covers a base offset, and two that flip alike would
 * confirm each other.
 */
public final class OffsetHoles {
    static final String FILE = "offset-holes";

    private OffsetHoles() {}

    /** Makes the note; durable. Made again, it stays as it is. */
    public static void note(Path directory) throws IOException {
        Directories.replace(
                directory.resolve(FILE), "Offsets may be missing between batches of this log.\n");
    }
}
