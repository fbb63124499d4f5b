package io.headrace.coordinator.group;

import io.headrace.coordinator.group.classic.ClassicGroup;
import io.headrace.coordinator.group.classic.ClassicGroupState;
import io.headrace.coordinator.group.classic.ClassicMember;
import io.headrace.coordinator.group.classic.ConsumerSubscriptions;
import io.headrace.coordinator.group.consumer.ConsumerGroup;
import io.headrace.coordinator.group.share.ShareGroup;
import io.headrace.coordinator.group.space.GroupSpace;
import io.headrace.coordinator.shard.ShardRequest;
import io.headrace.protocol.codec.ListGroupsPage;

import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroup;
import org.apache.kafka.common.message.DescribeGroupsResponseData.DescribedGroupMember;
import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.List;

/** Decides what clients are shown of groups. Confined to the shard's core. */
final class ReadDecisions {
    private static final short NOT_FOUND = 6;

    /** The type of groups of the classic protocol, simple ones included. */
    private static final String CLASSIC = "Classic";

    private static final String CONSUMER = "Consumer";

    private static final String SHARE = "Share";

    /** The protocol type of share groups. */
    private static final String SHARE_PROTOCOL_TYPE = "share";

    private static final int READ_BIT = 1 << 3;
    private static final int DELETE_BIT = 1 << 6;
    private static final int DESCRIBE_BIT = 1 << 8;
    private static final int DESCRIBE_CONFIGS_BIT = 1 << 10;
    private static final int ALTER_CONFIGS_BIT = 1 << 11;

    /** All operations on a group: without security everyone may do everything. */
    static final int EVERY_OPERATION =
            READ_BIT | DELETE_BIT | DESCRIBE_BIT | DESCRIBE_CONFIGS_BIT | ALTER_CONFIGS_BIT;

    private final GroupSpace space;

    ReadDecisions(GroupSpace space) {
        this.space = space;
    }

    void decide(ShardRequest request, DescribeGroupsRequestData body) {
        DescribeGroupsResponseData response = new DescribeGroupsResponseData();
        for (String groupId : body.groups()) {
            DescribedGroup described = describe(groupId, request.version());
            if (body.includeAuthorizedOperations() && described.errorCode() == Errors.NONE.code()) {
                described.setAuthorizedOperations(EVERY_OPERATION);
            }
            response.groups().add(described);
        }
        space.replyChecked(request.id(), response);
    }

    private DescribedGroup describe(String groupId, short version) {
        DescribedGroup described = new DescribedGroup().setGroupId(groupId);
        ClassicGroup group = space.group(groupId);
        if (groupId.isEmpty()) {
            return described.setErrorCode(Errors.INVALID_GROUP_ID.code());
        }
        if (group == null) {
            described.setGroupState(ClassicGroupState.DEAD.label());
            return version < NOT_FOUND
                    ? described
                    : described
                            .setErrorCode(Errors.GROUP_ID_NOT_FOUND.code())
                            .setErrorMessage(
                                    space.consumerGroup(groupId) == null
                                                    && space.shareGroup(groupId) == null
                                            ? "Group " + groupId + " not found."
                                            : "Group " + groupId + " is not a classic group.");
        }
        String protocol = group.isIn(ClassicGroupState.STABLE) ? group.protocolName() : null;
        described
                .setGroupState(group.state().label())
                .setProtocolType(group.protocolType() == null ? "" : group.protocolType())
                .setProtocolData(protocol == null ? "" : protocol);
        for (ClassicMember member : group.members()) {
            described.members().add(describe(member, protocol));
        }
        return described;
    }

    /** Metadata and assignment are shown in a stable group only: else they are of no generation. */
    private static DescribedGroupMember describe(ClassicMember member, @Nullable String protocol) {
        DescribedGroupMember described =
                new DescribedGroupMember()
                        .setMemberId(member.memberId())
                        .setGroupInstanceId(member.groupInstanceId())
                        .setClientId(member.clientId())
                        .setClientHost(member.clientHost());
        return protocol == null
                ? described
                : described
                        .setMemberMetadata(member.metadataIn(protocol))
                        .setMemberAssignment(member.assignment());
    }

    void decide(ShardRequest request, ListGroupsRequestData body) {
        ListGroupsResponseData response = new ListGroupsResponseData();
        boolean wantsClassic = isTypeWanted(CLASSIC, body);
        for (ClassicGroup group : wantsClassic ? space.groups() : List.<ClassicGroup>of()) {
            if (isStateWanted(group.state().label(), body)) {
                response.groups()
                        .add(
                                new ListedGroup()
                                        .setGroupId(group.groupId())
                                        .setProtocolType(
                                                group.protocolType() == null
                                                        ? ""
                                                        : group.protocolType())
                                        .setGroupState(group.state().label())
                                        .setGroupType(CLASSIC));
            }
        }
        boolean wantsConsumer = isTypeWanted(CONSUMER, body);
        for (ConsumerGroup group :
                wantsConsumer ? space.consumerGroups() : List.<ConsumerGroup>of()) {
            if (isStateWanted(group.state().label(), body)) {
                response.groups()
                        .add(
                                new ListedGroup()
                                        .setGroupId(group.groupId())
                                        .setProtocolType(ConsumerSubscriptions.PROTOCOL_TYPE)
                                        .setGroupState(group.state().label())
                                        .setGroupType(CONSUMER));
            }
        }
        addShareGroups(response, body);
        ListGroupsPage page = ListGroupsPage.of(body);
        if (page != null) {
            page.cut(response);
        }
        space.replyChecked(request.id(), response);
    }

    private void addShareGroups(ListGroupsResponseData response, ListGroupsRequestData body) {
        for (ShareGroup group :
                isTypeWanted(SHARE, body) ? space.shareGroups() : List.<ShareGroup>of()) {
            if (isStateWanted(group.state().label(), body)) {
                response.groups()
                        .add(
                                new ListedGroup()
                                        .setGroupId(group.groupId())
                                        .setProtocolType(SHARE_PROTOCOL_TYPE)
                                        .setGroupState(group.state().label())
                                        .setGroupType(SHARE));
            }
        }
    }

    private static boolean isTypeWanted(String type, ListGroupsRequestData body) {
        return body.typesFilter().isEmpty()
                || body.typesFilter().stream().anyMatch(type::equalsIgnoreCase);
    }

    private static boolean isStateWanted(String state, ListGroupsRequestData body) {
        return body.statesFilter().isEmpty()
                || body.statesFilter().stream().anyMatch(state::equalsIgnoreCase);
    }
}
