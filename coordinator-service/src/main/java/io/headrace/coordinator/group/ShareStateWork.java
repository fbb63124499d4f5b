package io.headrace.coordinator.group;

import io.headrace.coordinator.group.share.StatePlace;
import io.headrace.coordinator.group.share.StateSummary;
import io.headrace.coordinator.group.space.GroupEvent;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.GroupTask.DeleteStates;
import io.headrace.coordinator.group.space.GroupTask.InitializeStates;
import io.headrace.coordinator.group.space.GroupTask.SumStates;

import org.apache.kafka.common.protocol.Errors;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Work on the states of share partitions that is under way at the share state shards, and what is
 * to follow it. It is lost with the owner of the shard; the log says what is still to be done.
 * Confined to the shard's core.
 */
final class ShareStateWork {
    private final GroupSpace space;
    private final Map<Long, Consumer<Map<StatePlace, Errors>>> changes = new HashMap<>();
    private final Map<Long, Consumer<Map<StatePlace, StateSummary>>> sums = new HashMap<>();
    private long lastTaskId;

    ShareStateWork(GroupSpace space) {
        this.space = space;
    }

    /** Has states begun once all decided so far is committed. */
    void initialize(
            String groupId,
            int stateEpoch,
            Map<StatePlace, Long> startOffsets,
            Consumer<Map<StatePlace, Errors>> then) {
        lastTaskId++;
        changes.put(lastTaskId, then);
        space.run(new InitializeStates(lastTaskId, groupId, stateEpoch, Map.copyOf(startOffsets)));
    }

    /** Has states deleted, likewise. */
    void delete(String groupId, Set<StatePlace> places, Consumer<Map<StatePlace, Errors>> then) {
        lastTaskId++;
        changes.put(lastTaskId, then);
        space.run(new DeleteStates(lastTaskId, groupId, Set.copyOf(places)));
    }

    /** Asks how far share partitions are. */
    void sum(String groupId, Set<StatePlace> places, Consumer<Map<StatePlace, StateSummary>> then) {
        lastTaskId++;
        sums.put(lastTaskId, then);
        space.run(new SumStates(lastTaskId, groupId, Set.copyOf(places)));
    }

    void onChanged(GroupEvent.StatesChanged event) {
        Consumer<Map<StatePlace, Errors>> then = changes.remove(event.taskId());
        if (then != null) {
            then.accept(event.outcomes());
        }
    }

    void onSummed(GroupEvent.StatesSummed event) {
        Consumer<Map<StatePlace, StateSummary>> then = sums.remove(event.taskId());
        if (then != null) {
            then.accept(event.summaries());
        }
    }
}
