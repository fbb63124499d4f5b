package io.headrace.storage.log;

import io.headrace.storage.recovery.LoadedLog;
import io.headrace.storage.recovery.LostRange;

import org.jspecify.annotations.Nullable;

/**
 * Why a log may miss something acknowledged.
 *
 * @param reason for an operator
 * @param fromOffset the first offset that may be missing
 */
public record UncleanLog(String reason, long fromOffset) {

    /** What recovery found, now or in an earlier life; null for a clean log. */
    static @Nullable UncleanLog of(LoadedLog loaded) {
        String reason = loaded.uncleanReason();
        if (reason != null) {
            return new UncleanLog(reason, loaded.uncleanFromOffset());
        }
        long firstLost = Long.MAX_VALUE;
        for (LostRange range : loaded.lostRanges()) {
            firstLost = Math.min(firstLost, range.baseOffset());
        }
        return firstLost == Long.MAX_VALUE
                ? null
                : new UncleanLog(
                        "Records from offset " + firstLost + " were lost before", firstLost);
    }

    /** Of two, the one from which on more may be missing. */
    static @Nullable UncleanLog worse(@Nullable UncleanLog one, @Nullable UncleanLog other) {
        boolean isOther = one == null || (other != null && other.fromOffset < one.fromOffset);
        return isOther ? other : one;
    }

    /** What is left of it when the log was cut: nothing, if all that may be missing is gone. */
    static @Nullable UncleanLog afterCut(
            @Nullable UncleanLog before, long logStartOffset, long logEndOffset) {
        return before == null || logEndOffset <= Math.max(before.fromOffset, logStartOffset)
                ? null
                : before;
    }
}
