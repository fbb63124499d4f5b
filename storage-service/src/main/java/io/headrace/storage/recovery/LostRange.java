package io.headrace.storage.recovery;

/** Offsets whose records are lost: from {@code baseOffset}, below {@code endOffset}. */
public record LostRange(long baseOffset, long endOffset) {
    /** Whether the offset is lost. */
    public boolean contains(long offset) {
        return offset >= baseOffset && offset < endOffset;
    }
}
