package io.headrace.coordinator.metadata;

import io.headrace.coordinator.cluster.ControllerState;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;

/**
 * What was heard of nodes and the controller has not looked at yet: for each node the newest only,
 * so that nothing piles up while the controller waits for its database. Thread-safe.
 */
final class NodeNews {
    private final Map<Integer, News> byNode = new HashMap<>();

    /** The last poll of an incarnation, and whether its connection closed afterwards. */
    private record News(long nodeEpoch, @Nullable Poll poll, boolean connected) {}

    private record Poll(long appliedOffset, long seenMs) {}

    /** Notes a poll; true when there were no news before, so that somebody must be woken. */
    synchronized boolean onPoll(int nodeId, long nodeEpoch, long appliedOffset, long seenMs) {
        boolean first = byNode.isEmpty();
        byNode.put(nodeId, new News(nodeEpoch, new Poll(appliedOffset, seenMs), true));
        return first;
    }

    /** Notes that the connection of polls closed; true as for a poll. */
    synchronized boolean onDisconnect(int nodeId, long nodeEpoch) {
        boolean first = byNode.isEmpty();
        News before = byNode.get(nodeId);
        if (before == null || before.nodeEpoch() == nodeEpoch) {
            byNode.put(nodeId, new News(nodeEpoch, before == null ? null : before.poll(), false));
        }
        return first;
    }

    /** Forgets what was heard while another controller had the role. */
    synchronized void clear() {
        byNode.clear();
    }

    /** Tells all of it. */
    void tell(ControllerState state) {
        Map<Integer, News> taken;
        synchronized (this) {
            taken = new HashMap<>(byNode);
            byNode.clear();
        }
        taken.forEach(
                (nodeId, news) -> {
                    Poll poll = news.poll();
                    if (poll != null) {
                        state.onPoll(nodeId, news.nodeEpoch(), poll.appliedOffset(), poll.seenMs());
                    }
                    if (!news.connected()) {
                        state.onDisconnect(nodeId, news.nodeEpoch());
                    }
                });
    }
}
