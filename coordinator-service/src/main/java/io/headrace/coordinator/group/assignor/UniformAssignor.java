package io.headrace.coordinator.group.assignor;

import io.headrace.coordinator.group.assignor.AssignmentInput.Subscriber;

import org.apache.kafka.common.Uuid;

import java.util.Map;
import java.util.Set;

/**
 * Gives all members as nearly the same number of partitions as their subscriptions allow, and
 * leaves as many as that allows where they were.
 */
final class UniformAssignor implements Assignor {
    @Override
    public String name() {
        return "uniform";
    }

    @Override
    public Map<String, Map<Uuid, Set<Integer>>> assign(AssignmentInput input) {
        Balance balance = new Balance(input);
        for (Subscriber member : input.ordered()) {
            balance.keepCurrent(member);
        }
        if (input.isHomogeneous()) {
            balance.releaseOverQuota();
        }
        balance.placeFree();
        balance.level();
        return balance.assignment();
    }
}
