package io.headrace.coordinator.group.classic;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Set;

/** A member of a classic group. Confined to its group. */
public final class ClassicMember {
    public static final byte[] NO_ASSIGNMENT = new byte[0];

    private final String memberId;
    private final @Nullable String groupInstanceId;
    private final String clientId;
    private final String clientHost;
    private int rebalanceTimeoutMs;
    private int sessionTimeoutMs;
    private List<MemberProtocol> protocols;
    private byte[] assignment = NO_ASSIGNMENT;
    private @Nullable Waiter awaitingJoin;
    private @Nullable Waiter awaitingSync;
    private boolean isNew;

    /**
     * @param groupInstanceId what makes it static (KIP-345), or null
     */
    public ClassicMember(
            String memberId,
            @Nullable String groupInstanceId,
            String clientId,
            String clientHost,
            int rebalanceTimeoutMs,
            int sessionTimeoutMs,
            List<MemberProtocol> protocols) {
        this.memberId = memberId;
        this.groupInstanceId = groupInstanceId;
        this.clientId = clientId;
        this.clientHost = clientHost;
        this.rebalanceTimeoutMs = rebalanceTimeoutMs;
        this.sessionTimeoutMs = sessionTimeoutMs;
        this.protocols = protocols;
    }

    /** The same member under another id, waiting for nothing. */
    ClassicMember withId(String newMemberId) {
        ClassicMember copy =
                new ClassicMember(
                        newMemberId,
                        groupInstanceId,
                        clientId,
                        clientHost,
                        rebalanceTimeoutMs,
                        sessionTimeoutMs,
                        protocols);
        copy.assignment = assignment;
        return copy;
    }

    public String memberId() {
        return memberId;
    }

    public @Nullable String groupInstanceId() {
        return groupInstanceId;
    }

    public boolean isStatic() {
        return groupInstanceId != null;
    }

    public String clientId() {
        return clientId;
    }

    public String clientHost() {
        return clientHost;
    }

    public int rebalanceTimeoutMs() {
        return rebalanceTimeoutMs;
    }

    public int sessionTimeoutMs() {
        return sessionTimeoutMs;
    }

    public List<MemberProtocol> protocols() {
        return protocols;
    }

    void update(List<MemberProtocol> newProtocols, int rebalanceMs, int sessionMs) {
        protocols = newProtocols;
        rebalanceTimeoutMs = rebalanceMs;
        sessionTimeoutMs = sessionMs;
    }

    public byte[] assignment() {
        return assignment;
    }

    public void assign(byte[] newAssignment) {
        assignment = newAssignment;
    }

    /** The request that waits for the rebalance to complete, or null. */
    public @Nullable Waiter awaitingJoin() {
        return awaitingJoin;
    }

    void awaitJoin(@Nullable Waiter waiter) {
        awaitingJoin = waiter;
    }

    /** The request that waits for the leader's assignment, or null. */
    public @Nullable Waiter awaitingSync() {
        return awaitingSync;
    }

    public void awaitSync(@Nullable Waiter waiter) {
        awaitingSync = waiter;
    }

    /** Whether it has not completed a rebalance yet. */
    public boolean isNew() {
        return isNew;
    }

    public void markNew(boolean value) {
        isNew = value;
    }

    /** Whether it needs no heartbeat: it waits for an answer. A new member gets no such credit. */
    public boolean isExcusedFromHeartbeats() {
        return !isNew && (awaitingJoin != null || awaitingSync != null);
    }

    /** What it says about itself in a protocol that it offers. */
    public byte[] metadataIn(String protocolName) {
        for (MemberProtocol protocol : protocols) {
            if (protocol.name().equals(protocolName)) {
                return protocol.metadata();
            }
        }
        throw new IllegalArgumentException(
                "Member " + memberId + " does not offer the protocol " + protocolName);
    }

    /** The first of its protocols that is a candidate. */
    String vote(Set<String> candidates) {
        for (MemberProtocol protocol : protocols) {
            if (candidates.contains(protocol.name())) {
                return protocol.name();
            }
        }
        throw new IllegalArgumentException(
                "Member " + memberId + " offers none of the protocols " + candidates);
    }
}
