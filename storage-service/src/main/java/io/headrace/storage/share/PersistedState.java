package io.headrace.storage.share;

import java.util.List;

/**
 * What the shard knows of a share partition.
 *
 * @param stateEpoch raised whenever the group side initializes it anew
 * @param startOffset every record below is done; -1 if it was never set
 */
public record PersistedState(int stateEpoch, long startOffset, List<StateBatch> batches) {}
