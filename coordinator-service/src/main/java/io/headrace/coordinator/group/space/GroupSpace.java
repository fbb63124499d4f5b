package io.headrace.coordinator.group.space;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.ClassicMember;
import io.headrace.coordinator.group.classic.GroupRecords;
import io.headrace.coordinator.group.classic.Waiter;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.offset.CommittedOffset;
import io.headrace.coordinator.group.offset.OffsetRecords;
import io.headrace.coordinator.group.offset.OffsetTable;
import io.headrace.coordinator.group.offset.PendingOffsets;
import io.headrace.coordinator.group.share.ShareGroup;
import io.headrace.coordinator.shard.Effects;
import io.headrace.coordinator.shard.Effects.ReplyWhen;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.metadata.MetadataImage;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * The groups of a shard and the step that is being taken: what all decisions share. Confined to the
 * shard's core.
 */
public final class GroupSpace {
    private static final long MEMBER_COUNT_MS = 1_000;

    private final GroupProperties properties;
    private final RandomGenerator random;
    private final GroupCounters counters;
    private final Map<String, ClassicGroup> groups = new HashMap<>();
    private final Map<String, ConsumerGroup> consumerGroups = new HashMap<>();
    private final Map<String, ShareGroup> shareGroups = new HashMap<>();
    private final OffsetTable offsets = new OffsetTable();
    private final PendingOffsets pendingOffsets = new PendingOffsets();
    private final GroupTimers timers = new GroupTimers();
    private OffsetRecords.@Nullable Writer lastWriter;

    /** Members whose JoinGroup or SyncGroup waits, by request. */
    private final Map<Long, MemberRef> parked = new HashMap<>();

    private int consumerMembers;
    private long consumerMembersUntilMs;

    private MetadataImage image = MetadataImage.EMPTY;
    private Effects effects = new Effects();
    private long nowMs;

    /** Names a member of a group. */
    public record MemberRef(String groupId, String memberId) {}

    public GroupSpace(GroupProperties properties, RandomGenerator random, GroupCounters counters) {
        this.properties = properties;
        this.random = random;
        this.counters = counters;
    }

    /** Begins a step. */
    public void begin(long stepMs, Effects stepEffects) {
        nowMs = stepMs;
        effects = stepEffects;
    }

    public long nowMs() {
        return nowMs;
    }

    public GroupProperties properties() {
        return properties;
    }

    public GroupCounters counters() {
        return counters;
    }

    public OffsetTable offsets() {
        return offsets;
    }

    public PendingOffsets pendingOffsets() {
        return pendingOffsets;
    }

    /**
     * An offset becomes the group's, in place of what open transactions committed before it.
     *
     * @param order among what transactions commit; the greatest is that of a plain commit now
     */
    public void commit(PendingOffsets.Key key, CommittedOffset offset, long order) {
        String groupId = key.groupId();
        String topic = key.partition().topic();
        int partition = key.partition().partition();
        offsets.put(groupId, topic, partition, offset);
        append(offsetWriter(groupId, topic).committed(partition, offset));
        for (long producerId : pendingOffsets.supersede(key, order)) {
            append(PendingOffsets.decided(producerId, key));
        }
    }

    /** Mostly the one of the partition before. */
    private OffsetRecords.Writer offsetWriter(String groupId, String topic) {
        OffsetRecords.Writer writer = lastWriter;
        if (writer == null || !writer.isOf(groupId, topic)) {
            writer = new OffsetRecords.Writer(groupId, topic);
            lastWriter = writer;
        }
        return writer;
    }

    public GroupTimers timers() {
        return timers;
    }

    public MetadataImage image() {
        return image;
    }

    public void setImage(MetadataImage newImage) {
        image = newImage;
    }

    // Groups.

    public @Nullable ClassicGroup group(String groupId) {
        return groups.get(groupId);
    }

    public Collection<ClassicGroup> groups() {
        return groups.values();
    }

    public boolean hasRoomForGroup() {
        return groups.size() + consumerGroups.size() + shareGroups.size() < properties.maxGroups();
    }

    /** The group of the consumer protocol, or null; an id never is of both kinds. */
    public @Nullable ConsumerGroup consumerGroup(String groupId) {
        return consumerGroups.get(groupId);
    }

    public Collection<ConsumerGroup> consumerGroups() {
        return consumerGroups.values();
    }

    public ConsumerGroup addConsumerGroup(String groupId) {
        ConsumerGroup group = new ConsumerGroup(groupId);
        consumerGroups.put(groupId, group);
        return group;
    }

    public void removeConsumerGroup(String groupId) {
        consumerGroups.remove(groupId);
    }

    /** The share group, or null; an id never is of two kinds. */
    public @Nullable ShareGroup shareGroup(String groupId) {
        return shareGroups.get(groupId);
    }

    public Collection<ShareGroup> shareGroups() {
        return shareGroups.values();
    }

    /** Share groups by id, for their replay. */
    public Map<String, ShareGroup> shareGroupsById() {
        return shareGroups;
    }

    public ShareGroup addShareGroup(String groupId) {
        ShareGroup group = new ShareGroup(groupId);
        shareGroups.put(groupId, group);
        return group;
    }

    public void removeShareGroup(String groupId) {
        shareGroups.remove(groupId);
    }

    /** Whether there is a group of that id that is no share group. */
    public boolean isOfOtherKind(String groupId) {
        return groups.containsKey(groupId) || consumerGroups.containsKey(groupId);
    }

    /** How many members the groups of the consumer protocol have; not of this very moment. */
    public int consumerMembers() {
        if (nowMs >= consumerMembersUntilMs) {
            consumerMembers = 0;
            for (ConsumerGroup group : consumerGroups.values()) {
                consumerMembers += group.memberCount();
            }
            consumerMembersUntilMs = nowMs + MEMBER_COUNT_MS;
        }
        return consumerMembers;
    }

    public ClassicGroup addGroup(ClassicGroup group) {
        groups.put(group.groupId(), group);
        return group;
    }

    public void removeGroup(String groupId) {
        groups.remove(groupId);
        timers.cancel(TimerKey.join(groupId));
        timers.cancel(TimerKey.sync(groupId));
    }

    /** Forgets a group that never came to anything: no record, no member, no offset. */
    public void forgetIfNothing(ClassicGroup group) {
        if (!group.isStored()
                && group.isIn(ClassicGroupState.EMPTY)
                && group.memberCount() == 0
                && group.pendingMembers().isEmpty()
                && !offsets.hasOffsets(group.groupId())
                && !pendingOffsets.isAnyPending(group.groupId())) {
            removeGroup(group.groupId());
        }
    }

    /** Hands out the record of a group as it is now. */
    public void store(ClassicGroup group) {
        group.markStored();
        effects.append(GroupRecords.of(group));
    }

    /** Hands out a record whose change was made already. */
    public void append(ShardRecord record) {
        effects.append(record);
    }

    /** Has a task begun once all that was decided before it is committed. */
    public void run(GroupTask task) {
        effects.run(task);
    }

    // Answers.

    public void reply(Waiter waiter, ApiMessage response) {
        parked.remove(waiter.requestId());
        effects.reply(waiter.requestId(), response, ReplyWhen.COMMITTED);
    }

    public void replyNow(long requestId, ApiMessage response) {
        effects.reply(requestId, response, ReplyWhen.NOW);
    }

    public void replyChecked(long requestId, ApiMessage response) {
        effects.reply(requestId, response, ReplyWhen.CHECKED);
    }

    /** Remembers whose request waits, for when its client goes away. */
    public void park(Waiter waiter, ClassicGroup group, ClassicMember member) {
        parked.put(waiter.requestId(), new MemberRef(group.groupId(), member.memberId()));
    }

    /** Whose request waited; null when none did. */
    public @Nullable MemberRef unpark(long requestId) {
        return parked.remove(requestId);
    }

    /** A member id that no one can guess. */
    public String newMemberId(String prefix) {
        return prefix + "-" + randomUuid();
    }

    /** A member id as members of the consumer protocol make them. */
    public String newMemberUuid() {
        UUID uuid = randomUuid();
        return new Uuid(uuid.getMostSignificantBits(), uuid.getLeastSignificantBits()).toString();
    }

    private UUID randomUuid() {
        long high = (random.nextLong() & 0xFFFFFFFFFFFF0FFFL) | 0x4000L;
        long low = (random.nextLong() & 0x3FFFFFFFFFFFFFFFL) | 0x8000000000000000L;
        return new UUID(high, low);
    }
}
