package io.headrace.coordinator.group.classic;

import io.headrace.coordinator.group.record.GroupKey;
import io.headrace.coordinator.group.record.GroupValue;
import io.headrace.coordinator.group.record.GroupValue.StoredMember;
import io.headrace.coordinator.shard.ShardRecord;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.ResponseReader;

import org.apache.kafka.common.protocol.Message;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Classic groups as records, in Kafka's format. */
public final class GroupRecords {
    public static final short TYPE = 2;

    private static final short KEY_VERSION = 0;

    /** The last version without tagged fields, which any Kafka tool reads. */
    private static final short VALUE_VERSION = 3;

    private GroupRecords() {}

    /** The record of a group as it is. */
    public static ShardRecord of(ClassicGroup group) {
        String protocol = group.protocolName();
        GroupValue value =
                new GroupValue()
                        .setProtocolType(group.protocolType() == null ? "" : group.protocolType())
                        .setGeneration(group.generation())
                        .setProtocol(protocol)
                        .setLeader(group.leaderId())
                        .setCurrentStateTimestamp(group.stateSinceMs());
        for (ClassicMember member : group.members()) {
            value.members()
                    .add(
                            new StoredMember()
                                    .setMemberId(member.memberId())
                                    .setGroupInstanceId(member.groupInstanceId())
                                    .setClientId(member.clientId())
                                    .setClientHost(member.clientHost())
                                    .setRebalanceTimeout(member.rebalanceTimeoutMs())
                                    .setSessionTimeout(member.sessionTimeoutMs())
                                    .setSubscription(
                                            protocol == null
                                                    ? new byte[0]
                                                    : member.metadataIn(protocol))
                                    .setAssignment(member.assignment()));
        }
        return new ShardRecord(key(group.groupId()), prefixed(VALUE_VERSION, value, VALUE_VERSION));
    }

    /** The record that deletes a group. */
    public static ShardRecord deleted(String groupId) {
        return new ShardRecord(key(groupId), null);
    }

    /** The group that a record of {@link #TYPE} is about. */
    public static String readKey(ByteBuffer key) throws MalformedFrameException {
        return ResponseReader.readInto(
                        new GroupKey(),
                        KEY_VERSION,
                        key.slice(key.position() + 2, key.remaining() - 2))
                .group();
    }

    public static ClassicGroup readValue(String groupId, ByteBuffer bytes)
            throws MalformedFrameException {
        if (bytes.remaining() < 2) {
            throw new MalformedFrameException("A group without a version");
        }
        GroupValue value =
                ResponseReader.readInto(
                        new GroupValue(),
                        bytes.getShort(bytes.position()),
                        bytes.slice(bytes.position() + 2, bytes.remaining() - 2));
        boolean unnamed = value.protocol() == null && !value.members().isEmpty();
        String protocol = unnamed ? "" : value.protocol();
        ClassicGroup group =
                ClassicGroup.restored(
                        groupId,
                        value.generation(),
                        value.protocolType().isEmpty() ? null : value.protocolType(),
                        protocol,
                        value.currentStateTimestamp());
        List<ClassicMember> members = new ArrayList<>(value.members().size());
        for (StoredMember stored : value.members()) {
            members.add(restored(stored, protocol));
        }
        group.restoreMembers(members, value.leader());
        return group;
    }

    private static ClassicMember restored(StoredMember stored, @Nullable String protocol) {
        int rebalanceTimeoutMs =
                stored.rebalanceTimeout() == -1
                        ? stored.sessionTimeout()
                        : stored.rebalanceTimeout();
        ClassicMember member =
                new ClassicMember(
                        stored.memberId(),
                        stored.groupInstanceId(),
                        stored.clientId(),
                        stored.clientHost(),
                        rebalanceTimeoutMs,
                        stored.sessionTimeout(),
                        protocol == null
                                ? List.of()
                                : List.of(new MemberProtocol(protocol, stored.subscription())));
        member.assign(stored.assignment());
        return member;
    }

    private static ByteBuffer key(String groupId) {
        return prefixed(TYPE, new GroupKey().setGroup(groupId), KEY_VERSION);
    }

    private static ByteBuffer prefixed(short prefix, Message message, short version) {
        ByteBuffer bytes = MessageWriter.bytes(message, version);
        return ByteBuffer.allocate(2 + bytes.remaining()).putShort(prefix).put(bytes).flip();
    }
}
