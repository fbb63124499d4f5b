package io.headrace.storage.recovery;

import io.headrace.storage.file.Directories;
import io.headrace.storage.segment.SegmentFiles;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Replaces segments by one that compaction made of them, so that a crash at any moment leaves the
 * old ones or the new one.
 *
 * <pre>
 *   00..0.log.cleaned        being written: a crash removes it
 *   00..0.log.swap           finished, and durable: from here on the new one counts
 *   swap-plan                names the base offsets that it replaces, written before the rename
 * </pre>
 */
public final class SegmentSwap {
    private static final String PLAN_FILE = "swap-plan";
    private static final List<String> KINDS =
            List.of(
                    SegmentFiles.OFFSET_INDEX,
                    SegmentFiles.TIME_INDEX,
                    SegmentFiles.TRANSACTION_INDEX,
                    SegmentFiles.LOG);

    private SegmentSwap() {}

    /**
     * Puts the {@code .cleaned} files of a base offset in place of the segments named. Blocks; the
     * files must be flushed.
     */
    public static void replace(Path directory, List<Long> replacedBaseOffsets, long baseOffset)
            throws IOException {
        StringBuilder plan = new StringBuilder().append(baseOffset);
        replacedBaseOffsets.forEach(replaced -> plan.append(' ').append(replaced));
        Directories.replace(directory.resolve(PLAN_FILE), plan.toString());
        for (String kind : KINDS) { // the records file last: its name decides
            Path cleaned = SegmentFiles.path(directory, baseOffset, kind + SegmentFiles.CLEANED);
            if (Files.exists(cleaned)) {
                Directories.rename(
                        cleaned,
                        SegmentFiles.path(directory, baseOffset, kind + SegmentFiles.SWAP));
            }
        }
        Directories.flush(directory);
        complete(directory);
    }

    /** Finishes a swap that was decided, or drops one that was not. */
    static void complete(Path directory) throws IOException {
        byte[] plan = Directories.readIfExists(directory.resolve(PLAN_FILE), 1 << 20);
        if (plan == null) {
            dropSwaps(directory);
            return;
        }
        String[] offsets = new String(plan, StandardCharsets.UTF_8).split(" ", -1);
        long baseOffset = Long.parseLong(offsets[0]);
        Path swapLog =
                SegmentFiles.path(directory, baseOffset, SegmentFiles.LOG + SegmentFiles.SWAP);
        if (Files.exists(swapLog)) {
            for (int i = 1; i < offsets.length; i++) {
                long replaced = Long.parseLong(offsets[i]);
                if (replaced == baseOffset) {
                    continue; // renaming replaces its files
                }
                for (String kind : KINDS) {
                    Files.deleteIfExists(SegmentFiles.path(directory, replaced, kind));
                }
            }
            for (String kind : KINDS) {
                Path swap = SegmentFiles.path(directory, baseOffset, kind + SegmentFiles.SWAP);
                if (Files.exists(swap)) {
                    Directories.rename(swap, SegmentFiles.path(directory, baseOffset, kind));
                }
            }
            Directories.flush(directory);
        }
        dropSwaps(directory);
        Files.deleteIfExists(directory.resolve(PLAN_FILE));
    }

    private static void dropSwaps(Path directory) throws IOException {
        for (Path path : Directories.list(directory)) {
            if (path.getFileName().toString().endsWith(SegmentFiles.SWAP)) {
                Files.deleteIfExists(path);
            }
        }
    }
}
