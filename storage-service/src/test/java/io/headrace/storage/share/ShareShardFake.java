package io.headrace.storage.share;

import org.apache.kafka.common.protocol.Errors;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A share-state shard with Kafka's rules, kept offset by offset. */
final class ShareShardFake {
    private final TreeMap<Long, Entry> byOffset = new TreeMap<>();
    private int stateEpoch;
    private int leaderEpoch = -1;
    private long startOffset = -1;

    /** Whether writes of deposed leaders are taken: a mistake for the checks to find. */
    private final boolean forgetsEpochs;

    private record Entry(RecordState state, int deliveryCount) {}

    ShareShardFake(boolean forgetsEpochs) {
        this.forgetsEpochs = forgetsEpochs;
    }

    void initialize(int newStateEpoch, long newStartOffset) {
        stateEpoch = newStateEpoch;
        startOffset = newStartOffset;
        byOffset.clear();
    }

    long startOffset() {
        return startOffset;
    }

    /** Null when the leader's epoch is an old one. */
    PersistedState read(int readersEpoch) {
        if (readersEpoch < leaderEpoch) {
            return new PersistedState(-1, -1, List.of());
        }
        leaderEpoch = readersEpoch;
        List<StateBatch> batches = new ArrayList<>();
        for (Map.Entry<Long, Entry> each : byOffset.entrySet()) {
            long offset = each.getKey();
            Entry entry = each.getValue();
            batches.add(new StateBatch(offset, offset, entry.state(), entry.deliveryCount()));
        }
        return new PersistedState(stateEpoch, startOffset, batches);
    }

    Errors write(StateWrite write) {
        if (!forgetsEpochs && write.leaderEpoch() < leaderEpoch) {
            return Errors.FENCED_LEADER_EPOCH;
        }
        if (!forgetsEpochs && write.stateEpoch() < stateEpoch) {
            return Errors.FENCED_STATE_EPOCH;
        }
        leaderEpoch = Math.max(leaderEpoch, write.leaderEpoch());
        startOffset = Math.max(startOffset, write.startOffset());
        for (StateBatch batch : write.batches()) {
            for (long offset = batch.firstOffset(); offset <= batch.lastOffset(); offset++) {
                byOffset.merge(
                        offset,
                        new Entry(batch.state(), batch.deliveryCount()),
                        ShareShardFake::stronger);
            }
        }
        byOffset.headMap(startOffset, false).clear();
        return Errors.NONE;
    }

    /** As Kafka combines: more deliveries win, then the state that is further on. */
    private static Entry stronger(Entry before, Entry now) {
        boolean keeps =
                before.deliveryCount() > now.deliveryCount()
                        || (before.deliveryCount() == now.deliveryCount()
                                && before.state().id() > now.state().id());
        return keeps ? before : now;
    }
}
