package io.headrace.storage.log;

import io.headrace.storage.file.DirectReads;
import io.headrace.storage.file.LogFile;
import io.headrace.storage.segment.Segment;
import io.headrace.storage.segment.SegmentFiles;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Where the bytes of a cold read come from. */
interface ColdSource {
    /** So many bytes, from position 0 to the limit. */
    ByteBuffer read(Segment segment, LogFile file, long position, int sizeInBytes)
            throws IOException;

    /** Fills a buffer through the page cache. */
    static ByteBuffer into(ByteBuffer buffer, LogFile file, long position, int sizeInBytes)
            throws IOException {
        buffer.clear().limit(sizeInBytes);
        file.readFully(buffer, position);
        return buffer.flip();
    }

    /** Past the page cache what nobody has read so yet, all else through it. For one read. */
    final class ForAnswer implements ColdSource {
        /** Large enough for what consumers ask for at once. */
        private static final ThreadLocal<ByteBuffer> SCRATCH =
                ThreadLocal.withInitial(() -> ByteBuffer.allocateDirect((1 << 20) + (64 << 10)));

        private final DirectReads directReads;
        private DirectReads.@Nullable Loaded loaded;

        ForAnswer(DirectReads directReads) {
            this.directReads = directReads;
        }

        @Override
        public ByteBuffer read(Segment segment, LogFile file, long position, int sizeInBytes)
                throws IOException {
            giveBack();
            if (segment.isNewAt(position)) {
                DirectReads.Loaded direct =
                        directReads.read(segment.path(SegmentFiles.LOG), position, sizeInBytes);
                if (direct != null && !segment.isReplaced()) {
                    loaded = direct;
                    return direct.bytes();
                } else if (direct != null) {
                    direct.release(); // perhaps of the file that has this name now
                }
            }
            ByteBuffer scratch = SCRATCH.get();
            return ColdSource.into(
                    sizeInBytes <= scratch.capacity() ? scratch : ByteBuffer.allocate(sizeInBytes),
                    file,
                    position,
                    sizeInBytes);
        }

        /** What was read last is in this memory; null if it is in the file's pages. */
        DirectReads.@Nullable Loaded loaded() {
            return loaded;
        }

        /** Nobody needs what was read. */
        void giveBack() {
            DirectReads.Loaded before = loaded;
            loaded = null;
            if (before != null) {
                before.release();
            }
        }
    }
}
