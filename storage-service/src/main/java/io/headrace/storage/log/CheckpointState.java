package io.headrace.storage.log;

import io.headrace.storage.recovery.VerifiedPoint;

import org.jspecify.annotations.Nullable;

/** What a log has to say to its directory's checkpoint files; immutable. */
record CheckpointState(
        long recoveryPoint,
        long logStartOffset,
        long highWatermark,
        @Nullable VerifiedPoint verified) {}
