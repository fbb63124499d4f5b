package io.headrace.storage.share;

import java.util.List;

/**
 * A change of the persisted state.
 *
 * @param startOffset the start offset once the change is made
 * @param deliveryCompleteCount how many records at or after it are done by then
 */
public record StateWrite(
        int stateEpoch,
        int leaderEpoch,
        long startOffset,
        int deliveryCompleteCount,
        List<StateBatch> batches) {}
