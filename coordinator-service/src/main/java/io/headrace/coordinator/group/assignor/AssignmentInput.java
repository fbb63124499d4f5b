package io.headrace.coordinator.group.assignor;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What an assignor is told.
 *
 * @param members in any order, each once
 * @param partitionCounts of all topics that any member subscribes to and that exist
 */
public record AssignmentInput(List<Subscriber> members, Map<Uuid, Integer> partitionCounts) {

    /** Static members first, by instance; then the others, by member id: stable over restarts. */
    static final Comparator<Subscriber> ORDER =
            Comparator.comparing((Subscriber member) -> member.instanceId() == null)
                    .thenComparing(
                            member ->
                                    member.instanceId() == null
                                            ? member.memberId()
                                            : member.instanceId());

    /**
     * A member.
     *
     * @param topics what it subscribes to, of the topics that exist
     * @param current what it was meant to have before
     */
    public record Subscriber(
            String memberId,
            @Nullable String instanceId,
            Set<Uuid> topics,
            Map<Uuid, ? extends Set<Integer>> current) {}

    List<Subscriber> ordered() {
        return members.stream().sorted(ORDER).toList();
    }

    /** Whether all members subscribe to the same topics. */
    boolean isHomogeneous() {
        return members.stream().map(Subscriber::topics).distinct().count() <= 1;
    }
}
