package io.headrace.client.group;

import io.headrace.client.connection.OptionChecks;
import io.headrace.client.consume.OutOfRangePolicy;
import io.headrace.client.consume.ReadOptions;

import java.time.Duration;
import java.util.List;

/**
 * How a consumer takes part in a group.
 *
 * <pre>{@code
 * GroupOptions options = GroupOptions.builder("billing", Subscription.topics("orders"))
 *         .autoCommit(false)
 *         .build();
 * }</pre>
 *
 * @param groupId the name of the group
 * @param subscription what the group reads
 * @param instanceId a name that survives restarts of this member, so that a short absence moves no
 *     partition (KIP-345, static membership); empty for none
 * @param assignors the ways to divide partitions that this member accepts, best first; the group
 *     uses one that all accept
 * @param sessionTimeout after how much silence the group gives this member up
 * @param heartbeatInterval the pause between heartbeats
 * @param rebalanceTimeout how long the group waits for its members to join again, and a listener
 *     may take (Kafka: max.poll.interval.ms)
 * @param autoCommit whether positions are committed by the client: of records that were delivered
 *     to the subscriber
 * @param autoCommitInterval the pause between such commits; they also happen before partitions are
 *     given away and on close
 * @param startAt where to start without a committed offset, or with one that is not in the log
 *     (Kafka: auto.offset.reset)
 * @param leaveOnClose whether closing takes the member out of the group at once; members with an
 *     instance id stay until their session ends
 * @param read how the assigned partitions are read; its out-of-range policy is replaced by {@code
 *     startAt}
 * @param listener told of partitions that come and go
 */
public record GroupOptions(
        String groupId,
        Subscription subscription,
        String instanceId,
        List<Assignor> assignors,
        Duration sessionTimeout,
        Duration heartbeatInterval,
        Duration rebalanceTimeout,
        boolean autoCommit,
        Duration autoCommitInterval,
        OutOfRangePolicy startAt,
        boolean leaveOnClose,
        ReadOptions read,
        RebalanceListener listener) {
    public GroupOptions {
        if (groupId.isEmpty()) {
            throw new IllegalArgumentException("groupId is empty");
        }
        if (assignors.isEmpty()) {
            throw new IllegalArgumentException("assignors is empty");
        }
        assignors = List.copyOf(assignors);
        OptionChecks.positive(sessionTimeout, "sessionTimeout");
        OptionChecks.positive(heartbeatInterval, "heartbeatInterval");
        OptionChecks.positive(rebalanceTimeout, "rebalanceTimeout");
        OptionChecks.positive(autoCommitInterval, "autoCommitInterval");
        if (heartbeatInterval.compareTo(sessionTimeout) >= 0) {
            throw new IllegalArgumentException(
                    "heartbeatInterval "
                            + heartbeatInterval
                            + " is not below sessionTimeout "
                            + sessionTimeout);
        }
    }

    /** Starts from the defaults. */
    public static Builder builder(String groupId, Subscription subscription) {
        return new Builder(groupId, subscription);
    }

    /** Collects the options; each setter is documented at the record's component of that name. */
    public static final class Builder {
        private final String groupId;
        private final Subscription subscription;
        private String instanceId = "";
        private List<Assignor> assignors = List.of(Assignor.RANGE, Assignor.COOPERATIVE_STICKY);
        private Duration sessionTimeout = Duration.ofSeconds(45);
        private Duration heartbeatInterval = Duration.ofSeconds(3);
        private Duration rebalanceTimeout = Duration.ofMinutes(5);
        private boolean autoCommit = true;
        private Duration autoCommitInterval = Duration.ofSeconds(5);
        private OutOfRangePolicy startAt = OutOfRangePolicy.LATEST;
        private boolean leaveOnClose = true;
        private ReadOptions read = ReadOptions.defaults();
        private RebalanceListener listener = RebalanceListener.none();

        private Builder(String groupId, Subscription subscription) {
            this.groupId = groupId;
            this.subscription = subscription;
        }

        public Builder instanceId(String instanceId) {
            this.instanceId = instanceId;
            return this;
        }

        public Builder assignors(List<Assignor> assignors) {
            this.assignors = assignors;
            return this;
        }

        public Builder sessionTimeout(Duration sessionTimeout) {
            this.sessionTimeout = sessionTimeout;
            return this;
        }

        public Builder heartbeatInterval(Duration heartbeatInterval) {
            this.heartbeatInterval = heartbeatInterval;
            return this;
        }

        public Builder rebalanceTimeout(Duration rebalanceTimeout) {
            this.rebalanceTimeout = rebalanceTimeout;
            return this;
        }

        public Builder autoCommit(boolean autoCommit) {
            this.autoCommit = autoCommit;
            return this;
        }

        public Builder autoCommitInterval(Duration autoCommitInterval) {
            this.autoCommitInterval = autoCommitInterval;
            return this;
        }

        public Builder startAt(OutOfRangePolicy startAt) {
            this.startAt = startAt;
            return this;
        }

        public Builder leaveOnClose(boolean leaveOnClose) {
            this.leaveOnClose = leaveOnClose;
            return this;
        }

        public Builder read(ReadOptions read) {
            this.read = read;
            return this;
        }

        public Builder listener(RebalanceListener listener) {
            this.listener = listener;
            return this;
        }

        /** The options; throws {@link IllegalArgumentException} when one is out of its range. */
        public GroupOptions build() {
            return new GroupOptions(
                    groupId,
                    subscription,
                    instanceId,
                    assignors,
                    sessionTimeout,
                    heartbeatInterval,
                    rebalanceTimeout,
                    autoCommit,
                    autoCommitInterval,
                    startAt,
                    leaveOnClose,
                    read,
                    listener);
        }
    }
}
