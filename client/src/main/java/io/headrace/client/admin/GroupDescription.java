package io.headrace.client.admin;

import org.apache.kafka.common.TopicPartition;

import java.util.List;
import java.util.Set;

/**
 * A group and its members.
 *
 * @param type {@code classic}, {@code consumer} or {@code share}
 * @param assignor the assignor in use; empty while there is none
 * @param coordinatorId the node that answers for the group
 */
public record GroupDescription(
        String groupId,
        String type,
        String protocolType,
        String state,
        String assignor,
        int coordinatorId,
        List<Member> members) {

    /**
     * A member.
     *
     * @param instanceId empty unless it is a static member
     * @param assignment the partitions that it reads
     */
    public record Member(
            String memberId,
            String instanceId,
            String clientId,
            String host,
            Set<TopicPartition> assignment) {}
}
