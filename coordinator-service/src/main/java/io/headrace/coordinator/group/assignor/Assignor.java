package io.headrace.coordinator.group.assignor;

import org.apache.kafka.common.Uuid;

import java.util.List;
import java.util.Map;
import java.util.Set;

/** Shares partitions out among the members of a group. */
public interface Assignor {
    /** All assignors, the default one first. */
    List<Assignor> ALL = List.of(new UniformAssignor(), new RangeAssignor());

    /** The name that clients know it by. */
    String name();

    /**
     * Every subscribed partition to one subscribed member.
     *
     * @return the partitions of each member by topic, members without any included
     */
    Map<String, Map<Uuid, Set<Integer>>> assign(AssignmentInput input);

    /** The assignor of that name; the default one when there is none. */
    static Assignor named(String name) {
        for (Assignor assignor : ALL) {
            if (assignor.name().equals(name)) {
                return assignor;
            }
        }
        return ALL.getFirst();
    }

    /** Whether there is an assignor of that name. */
    static boolean isKnown(String name) {
        return ALL.stream().anyMatch(assignor -> assignor.name().equals(name));
    }
}
