package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.ClassicMember;
import io.headrace.coordinator.group.classic.GroupRecords;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.consumer.ConsumerMember;
import io.headrace.coordinator.group.consumer.ConsumerReplay;
import io.headrace.coordinator.group.offset.OffsetRecords;
import io.headrace.coordinator.group.offset.PendingOffsets;
import io.headrace.coordinator.group.share.ShareGroup;
import io.headrace.coordinator.group.share.ShareMember;
import io.headrace.coordinator.group.share.ShareReplay;
import io.headrace.coordinator.group.space.GroupCounters;
import io.headrace.coordinator.group.space.GroupEvent;
import io.headrace.coordinator.group.space.GroupProperties;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.group.space.GroupSpace.MemberRef;
import io.headrace.coordinator.group.space.GroupTimers;
import io.headrace.coordinator.group.space.TimerKey;
import io.headrace.coordinator.shard.Effects;
import io.headrace.coordinator.shard.ShardCore;
import io.headrace.coordinator.shard.ShardEvent;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.AlterShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupHeartbeatRequestData;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeShareGroupOffsetsRequestData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.ShareGroupDescribeRequestData;
import org.apache.kafka.common.message.ShareGroupHeartbeatRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.TxnOffsetCommitRequestData;
import org.apache.kafka.common.message.WriteTxnMarkersRequestData;
import org.jspecify.annotations.Nullable;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * The groups of one partition of {@code __consumer_offsets}: the replicated state machine that
 * decides every group API.
 *
 * <p>What survives is in the records: a group as of its last completed rebalance, and the committed
 * offsets. Rebalances under way do not survive a change of owner; members then find themselves
 * unknown or told to rejoin, as in Kafka. Record types that this version does not know are left
 * alone in the log.
 */
public final class GroupShard implements ShardCore {
    private final GroupSpace space;
    private final Rebalances rebalances;
    private final JoinGroupDecision joins;
    private final SyncGroupDecision syncs;
    private final HeartbeatDecision heartbeats;
    private final LeaveGroupDecision leaves;
    private final OffsetCommitDecision commits;
    private final OffsetFetchDecision fetches;
    private final DeleteDecisions deletes;
    private final ReadDecisions reads;
    private final TransactionalOffsets transactional;
    private final ConsumerRebalances consumerRebalances;
    private final ConsumerHeartbeatDecision consumerHeartbeats;
    private final ConsumerDescribeDecision consumerDescribes;
    private final Migration migration;
    private final ConsumerReplay consumerReplay;
    private final ShareStateWork shareWork;
    private final ShareRebalances shareRebalances;
    private final ShareHeartbeatDecision shareHeartbeats;
    private final ShareDescribeDecision shareDescribes;
    private final ShareOffsetDecisions shareOffsets;
    private final ShareReplay shareReplay;

    /**
     * @param random makes the member ids; they should not be guessable
     */
    public GroupShard(GroupProperties properties, RandomGenerator random, GroupCounters counters) {
        this.space = new GroupSpace(properties, random, counters);
        this.rebalances = new Rebalances(space);
        this.consumerRebalances = new ConsumerRebalances(space);
        this.migration = new Migration(space, rebalances, consumerRebalances);
        this.consumerHeartbeats =
                new ConsumerHeartbeatDecision(space, consumerRebalances, migration);
        this.consumerDescribes = new ConsumerDescribeDecision(space);
        this.consumerReplay = new ConsumerReplay(new ReplayedGroups(space));
        ClassicInConsumerDecision mixed =
                new ClassicInConsumerDecision(space, consumerRebalances, migration);
        this.joins = new JoinGroupDecision(space, rebalances, mixed, migration);
        this.syncs = new SyncGroupDecision(space, rebalances, mixed);
        this.heartbeats = new HeartbeatDecision(space, rebalances, mixed);
        this.leaves = new LeaveGroupDecision(space, rebalances, mixed);
        this.commits = new OffsetCommitDecision(space, rebalances);
        this.fetches = new OffsetFetchDecision(space);
        this.shareWork = new ShareStateWork(space);
        this.shareRebalances = new ShareRebalances(space, shareWork);
        this.shareHeartbeats = new ShareHeartbeatDecision(space, shareRebalances);
        this.shareDescribes = new ShareDescribeDecision(space);
        this.shareOffsets = new ShareOffsetDecisions(space, shareRebalances, shareWork);
        this.shareReplay = new ShareReplay(space.shareGroupsById());
        this.deletes = new DeleteDecisions(space, consumerRebalances, shareOffsets);
        this.reads = new ReadDecisions(space);
        this.transactional = new TransactionalOffsets(space);
    }

    @Override
    public void replay(ShardRecord record) {
        short type = record.key().getShort(record.key().position());
        switch (type) {
            case OffsetRecords.OLD_TYPE, OffsetRecords.TYPE -> replayOffset(record);
            case GroupRecords.TYPE -> replayGroup(record);
            case PendingOffsets.OFFSET_TYPE, PendingOffsets.FENCE_TYPE -> replayPending(record);
            default -> {
                if (ConsumerReplay.isType(type)) {
                    consumerReplay.apply(type, record);
                } else if (ShareReplay.isType(type)) {
                    shareReplay.apply(type, record);
                } // else of a later version, which will find it here
            }
        }
    }

    /**
     * The consumer groups in a replay. A group of offsets only, which its first offset made, gives
     * way.
     */
    private record ReplayedGroups(GroupSpace space) implements ConsumerReplay.Groups {
        @Override
        public @Nullable ConsumerGroup find(String groupId) {
            return space.consumerGroup(groupId);
        }

        @Override
        public ConsumerGroup make(String groupId) {
            ConsumerGroup known = space.consumerGroup(groupId);
            if (known != null) {
                return known;
            }
            space.removeGroup(groupId);
            return space.addConsumerGroup(groupId);
        }

        @Override
        public void remove(String groupId) {
            space.removeConsumerGroup(groupId);
            boolean hasOffsets =
                    space.offsets().hasOffsets(groupId)
                            || space.pendingOffsets().isAnyPending(groupId);
            if (hasOffsets && space.group(groupId) == null) {
                space.addGroup(new ClassicGroup(groupId, -1));
            }
        }
    }

    private void replayOffset(ShardRecord record) {
        String groupId = space.offsets().apply(record);
        if (record.value() != null
                && space.group(groupId) == null
                && space.consumerGroup(groupId) == null) {
            space.addGroup(new ClassicGroup(groupId, -1));
        }
    }

    private void replayPending(ShardRecord record) {
        String groupId = space.pendingOffsets().apply(record);
        if (groupId != null
                && record.value() != null
                && space.group(groupId) == null
                && space.consumerGroup(groupId) == null) {
            space.addGroup(new ClassicGroup(groupId, -1));
        }
    }

    private void replayGroup(ShardRecord record) {
        try {
            String groupId = GroupRecords.readKey(record.key());
            if (record.value() == null) {
                space.removeGroup(groupId);
            } else {
                space.removeConsumerGroup(groupId);
                space.addGroup(GroupRecords.readValue(groupId, record.value()));
            }
        } catch (MalformedFrameException e) {
            throw new IllegalArgumentException("Not a group", e);
        }
    }

    @Override
    public void onLoaded(MetadataImage image, long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        space.setImage(image);
        for (ClassicGroup group : Set.copyOf(space.groups())) {
            for (ClassicMember member : group.members()) {
                rebalances.scheduleHeartbeat(group, member, member.sessionTimeoutMs());
            }
            if (group.memberCount() > space.properties().maxGroupSize()) {
                rebalances.prepare(group);
            }
            space.forgetIfNothing(group);
        }
        space.consumerGroups().forEach(consumerRebalances::resume);
        space.shareGroups().forEach(shareRebalances::resume);
        scheduleExpiry();
    }

    @Override
    public void onRequest(ShardRequest request, long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        switch (request.body()) {
            case JoinGroupRequestData body -> joins.decide(request, body);
            case SyncGroupRequestData body -> syncs.decide(request, body);
            case HeartbeatRequestData body -> heartbeats.decide(request, body);
            case LeaveGroupRequestData body -> leaves.decide(request, body);
            case OffsetCommitRequestData body -> commits.decide(request, body);
            case OffsetFetchRequestData body -> fetches.decide(request, body);
            case OffsetDeleteRequestData body -> deletes.decide(request, body);
            case DeleteGroupsRequestData body -> deletes.decide(request, body);
            case DescribeGroupsRequestData body -> reads.decide(request, body);
            case ListGroupsRequestData body -> reads.decide(request, body);
            case TxnOffsetCommitRequestData body -> transactional.decide(request, body);
            case WriteTxnMarkersRequestData body -> transactional.decide(request, body);
            case ConsumerGroupHeartbeatRequestData body -> consumerHeartbeats.decide(request, body);
            case ConsumerGroupDescribeRequestData body -> consumerDescribes.decide(request, body);
            case ShareGroupHeartbeatRequestData body -> shareHeartbeats.decide(request, body);
            case ShareGroupDescribeRequestData body -> shareDescribes.decide(request, body);
            case DescribeShareGroupOffsetsRequestData body -> shareOffsets.decide(request, body);
            case AlterShareGroupOffsetsRequestData body -> shareOffsets.decide(request, body);
            case DeleteShareGroupOffsetsRequestData body -> shareOffsets.decide(request, body);
            default ->
                    throw new IllegalArgumentException(
                            "No group API: " + request.body().getClass());
        }
    }

    @Override
    public boolean isLight(ShardRequest request) {
        return request.body() instanceof HeartbeatRequestData body
                && space.consumerGroup(body.groupId()) == null;
    }

    /**
     * A member whose JoinGroup or SyncGroup nobody waits for any more is not in the rebalance by
     * it. It has its session timeout to come back, over whichever node; one that never learned its
     * id cannot, and is out.
     */
    @Override
    public void onAbandoned(long requestId, long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        transactional.onAbandoned(requestId);
        MemberRef ref = space.unpark(requestId);
        ClassicGroup group = ref == null ? null : space.group(ref.groupId());
        if (ref == null || group == null || !group.hasMember(ref.memberId())) {
            return;
        }
        ClassicMember member = group.member(ref.memberId());
        Waiter join = member.awaitingJoin();
        if (join != null && join.requestId() == requestId) {
            group.awaitJoin(member, null);
            if (member.isNew() && knowsNotItsId(member, join)) {
                rebalances.dismiss(group, member);
                rebalances.continueWithout(group);
                return;
            }
        }
        Waiter sync = member.awaitingSync();
        if (sync != null && sync.requestId() == requestId) {
            member.awaitSync(null);
        }
        rebalances.scheduleHeartbeat(group, member, member.sessionTimeoutMs());
    }

    private static boolean knowsNotItsId(ClassicMember member, Waiter join) {
        return !member.isStatic() && !JoinGroupDecision.requiresKnownMemberId(join.version());
    }

    @Override
    public void onEvent(ShardEvent event, long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        if (!(event instanceof GroupEvent known)) {
            throw new IllegalArgumentException("No event of groups: " + event);
        }
        switch (known) {
            case GroupEvent.TransactionVerified answer -> transactional.onVerified(answer);
            case GroupEvent.StatesChanged changed -> shareWork.onChanged(changed);
            case GroupEvent.StatesSummed summed -> shareWork.onSummed(summed);
        }
    }

    @Override
    public void onMetadata(MetadataImage image, long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        MetadataImage before = space.image();
        space.setImage(image);
        if (image.topicsById().equals(before.topicsById())) {
            return;
        }
        space.consumerGroups().forEach(group -> group.markRefresh(true));
        space.shareGroups().forEach(group -> group.markRefresh(true));
        Set<Uuid> deleted = new HashSet<>(before.topicsById().keySet());
        deleted.removeAll(image.topicsById().keySet());
        if (!deleted.isEmpty()) {
            deletes.forgetTopics(deleted::contains);
            shareRebalances.forgetTopics(deleted::contains);
        }
    }

    @Override
    public void onTime(long nowMs, Effects effects) {
        space.begin(nowMs, effects);
        TimerKey due = space.timers().poll(nowMs);
        while (due != null) {
            onDeadline(due);
            due = space.timers().poll(nowMs);
        }
    }

    private void onDeadline(TimerKey due) {
        if (due.kind() == GroupTimers.Kind.EXPIRY) {
            forgetWhatIsOver();
            scheduleExpiry();
            return;
        }
        ClassicGroup group = space.group(due.groupId());
        ConsumerGroup consumerGroup = space.consumerGroup(due.groupId());
        ShareGroup shareGroup = space.shareGroup(due.groupId());
        if (shareGroup != null) {
            onDeadline(shareGroup, due);
        } else if (consumerGroup != null) {
            onDeadline(consumerGroup, due);
        } else if (group != null) {
            onDeadline(group, due);
        }
    }

    private void onDeadline(ClassicGroup group, TimerKey due) {
        switch (due.kind()) {
            case HEARTBEAT -> rebalances.onHeartbeatDeadline(group, due.memberId());
            case JOIN -> rebalances.onJoinDeadline(group);
            case SYNC -> rebalances.onSyncDeadline(group);
            case SESSION,
                    REVOCATION,
                    MEMBER_JOIN,
                    MEMBER_SYNC,
                    ASSIGNMENT,
                    SHARE_STATES,
                    EXPIRY -> {}
        }
    }

    /** Each of these deadlines ends a membership, but for the one of a target that is due. */
    private void onDeadline(ConsumerGroup group, TimerKey due) {
        if (due.kind() == GroupTimers.Kind.ASSIGNMENT) {
            consumerRebalances.update(group);
            return;
        }
        ConsumerMember member = group.member(due.memberId());
        if (member == null) {
            return;
        }
        switch (due.kind()) {
            case SESSION, REVOCATION, MEMBER_JOIN, MEMBER_SYNC -> migration.remove(group, member);
            case HEARTBEAT, JOIN, SYNC, ASSIGNMENT, SHARE_STATES, EXPIRY -> {}
        }
    }

    private void onDeadline(ShareGroup group, TimerKey due) {
        if (due.kind() == GroupTimers.Kind.SHARE_STATES) {
            shareRebalances.onRetry(group);
            return;
        }
        if (due.kind() == GroupTimers.Kind.ASSIGNMENT) {
            shareRebalances.update(group);
            return;
        }
        ShareMember member = group.member(due.memberId());
        if (due.kind() == GroupTimers.Kind.SESSION && member != null) {
            shareRebalances.remove(group, member);
        }
    }

    /**
     * Besides what expired, forgets offsets of topics that were deleted while nobody owned the
     * shard: their ids are in no image. That is not done at once after loading, when this
     * coordinator's image may be older than the one its predecessor committed by.
     */
    private void forgetWhatIsOver() {
        deletes.expire();
        transactional.expire();
        deletes.forgetTopics(id -> !id.equals(Uuid.ZERO_UUID) && space.image().topic(id) == null);
        shareRebalances.forgetTopics(id -> space.image().topic(id) == null);
    }

    private void scheduleExpiry() {
        space.timers()
                .schedule(
                        TimerKey.expiry(),
                        space.nowMs() + space.properties().offsetsRetentionCheckMs());
    }

    @Override
    public long nextDeadlineMs() {
        return space.timers().nextMs();
    }

    /** How many groups are in each state, for metrics; by the states' names. */
    public Map<String, Integer> groupCounts() {
        Map<ClassicGroupState, Integer> counts = new EnumMap<>(ClassicGroupState.class);
        for (ClassicGroup group : space.groups()) {
            counts.merge(group.state(), 1, Integer::sum);
        }
        Map<String, Integer> named = new TreeMap<>();
        counts.forEach((state, count) -> named.put(state.label(), count));
        return named;
    }

    /** The same for groups of the consumer protocol. */
    public Map<String, Integer> consumerGroupCounts() {
        Map<String, Integer> named = new TreeMap<>();
        for (ConsumerGroup group : space.consumerGroups()) {
            named.merge(group.state().label(), 1, Integer::sum);
        }
        return named;
    }

    /** The same for share groups. */
    public Map<String, Integer> shareGroupCounts() {
        Map<String, Integer> named = new TreeMap<>();
        for (ShareGroup group : space.shareGroups()) {
            named.merge(group.state().label(), 1, Integer::sum);
        }
        return named;
    }

    /** How many offsets are committed. */
    public int offsetCount() {
        return space.offsets().count();
    }

    @Nullable ClassicGroup group(String groupId) {
        return space.group(groupId);
    }

    @Nullable ConsumerGroup consumerGroup(String groupId) {
        return space.consumerGroup(groupId);
    }

    @Nullable ShareGroup shareGroup(String groupId) {
        return space.shareGroup(groupId);
    }
}
