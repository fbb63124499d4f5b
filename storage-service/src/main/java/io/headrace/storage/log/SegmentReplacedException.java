package io.headrace.storage.log;

import io.headrace.storage.file.LogFile;
import io.headrace.storage.file.OpenFiles;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SegmentFiles;

import java.io.IOException;
import java.nio.file.NoSuchFileException;

/** A read came to a segment that compaction has replaced: to be done again with those of now. */
final class SegmentReplacedException extends IOException {
    private static final long serialVersionUID = 1L;

    private SegmentReplacedException(Segment segment) {
        super(segment + " was compacted meanwhile");
    }

    /** The segment's file with a use for the caller, and surely that segment's. */
    static LogFile open(OpenFiles openFiles, Segment segment) throws IOException {
        LogFile file;
        try {
            file = openFiles.acquire(segment, segment.path(SegmentFiles.LOG));
        } catch (NoSuchFileException e) {
            if (segment.isReplaced()) {
                throw new SegmentReplacedException(segment);
            }
            throw e;
        }
        if (segment.isReplaced()) {
            openFiles.remove(segment);
            file.release();
            throw new SegmentReplacedException(segment);
        }
        return file;
    }
}
