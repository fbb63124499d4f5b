package io.headrace.storage.journal;

import org.apache.kafka.common.Uuid;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * The bytes of one small round in a {@link JournalFile}, big-endian.
 *
 * <pre>
 *   entry   crc u32 | sizeInBytes i32 | generation i64 | salt i64 | pieces i32 | piece...
 *   piece   topicId 16 bytes | partition i32 | promised i64
 *           | segmentBaseOffset i64 | position i64 | sizeInBytes i32 | bytes
 * </pre>
 *
 * The CRC-32C is that of all bytes after it. Generation and salt are the file's: what records of an
 * earlier generation left, or what somebody made look like an entry inside a record, is none.
 */
final class JournalEntry {
    private static final int HEADER_BYTES = 28;
    private static final int PIECE_HEADER_BYTES = 48;
    private static final int CRC_BYTES = 4;
    private static final int SIZE_AT = 4;
    private static final int GENERATION_AT = 8;
    private static final int SALT_AT = 16;
    private static final int PIECES_AT = 24;

    private JournalEntry() {}

    /** How many bytes an entry with these pieces has. */
    static long sizeOf(List<JournalPiece> pieces) {
        long size = HEADER_BYTES;
        for (JournalPiece piece : pieces) {
            size += PIECE_HEADER_BYTES + piece.sizeInBytes();
        }
        return size;
    }

    /** Puts an entry at the buffer's position, with the bytes read from the pieces' files. */
    static void encode(List<JournalPiece> pieces, long generation, long salt, ByteBuffer into)
            throws IOException {
        int start = into.position();
        int size = (int) sizeOf(pieces);
        into.putInt(0).putInt(size).putLong(generation).putLong(salt).putInt(pieces.size());
        for (JournalPiece piece : pieces) {
            Uuid topicId = piece.key().topicId();
            into.putLong(topicId.getMostSignificantBits())
                    .putLong(topicId.getLeastSignificantBits())
                    .putInt(piece.key().partition())
                    .putLong(piece.promised())
                    .putLong(piece.segmentBaseOffset())
                    .putLong(piece.position())
                    .putInt(piece.sizeInBytes());
            ByteBuffer bytes = into.slice(into.position(), piece.sizeInBytes());
            piece.file().readFully(bytes, piece.position());
            into.position(into.position() + piece.sizeInBytes());
        }
        into.putInt(start, crcOf(into, start, size));
    }

    /** The size of the whole entry of that generation and salt at an index, or 0 for none. */
    static int sizeAt(ByteBuffer content, int index, long generation, long salt) {
        if (index + HEADER_BYTES > content.limit()
                || content.getLong(index + SALT_AT) != salt
                || content.getLong(index + GENERATION_AT) != generation) {
            return 0;
        }
        int size = content.getInt(index + SIZE_AT);
        boolean fits = size >= HEADER_BYTES && size <= content.limit() - index;
        return fits && content.getInt(index) == crcOf(content, index, size) ? size : 0;
    }

    /** Visits the pieces of the entry at an index, whose size {@link #sizeAt} told. */
    static void decode(ByteBuffer content, int index, int size, Consumer<StoredPiece> visitor) {
        ByteBuffer entry = content.slice(index, size);
        int pieces = entry.getInt(PIECES_AT);
        entry.position(HEADER_BYTES);
        for (int i = 0; i < pieces; i++) {
            PromiseJournal.Key key =
                    new PromiseJournal.Key(
                            new Uuid(entry.getLong(), entry.getLong()), entry.getInt());
            long promised = entry.getLong();
            long segmentBaseOffset = entry.getLong();
            long position = entry.getLong();
            int length = entry.getInt();
            ByteBuffer bytes = entry.slice(entry.position(), length);
            entry.position(entry.position() + length);
            visitor.accept(new StoredPiece(key, promised, segmentBaseOffset, position, bytes));
        }
    }

    private static int crcOf(ByteBuffer buffer, int index, int size) {
        CRC32C crc = new CRC32C();
        crc.update(buffer.slice(index + CRC_BYTES, size - CRC_BYTES));
        return (int) crc.getValue();
    }
}
