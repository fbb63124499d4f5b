package io.headrace.coordinator.membership;

import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.ListenerConfig;
import com.hazelcast.config.MemberAttributeConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;

import org.apache.kafka.common.Uuid;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * This process as a Hazelcast member. Starts on a thread of its own, because nothing waits for it:
 * without it nodes are known by their polls alone.
 */
public final class HazelcastMembership implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HazelcastMembership.class);
    private static final String STORAGE = "storage";

    private final CompletableFuture<HazelcastInstance> starting;

    /** Takes suspicions; called on Hazelcast's threads, must not block. */
    @FunctionalInterface
    public interface SuspicionListener {
        void onSuspicion(int nodeId, Uuid incarnationId);
    }

    /**
     * Starts to join.
     *
     * @param port the first port to try
     * @param members where others may be, host or host:port
     */
    public HazelcastMembership(
            Member self, int port, List<String> members, SuspicionListener listener) {
        Config config = config(self, port, members, listener);
        this.starting = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("membership-start").start(() -> join(config));
    }

    private void join(Config config) {
        try {
            starting.complete(Hazelcast.newHazelcastInstance(config));
        } catch (RuntimeException e) {
            log.error("Membership did not start; nodes are known by their polls alone", e);
            starting.completeExceptionally(e);
        }
    }

    static Config config(Member self, int port, List<String> members, SuspicionListener listener) {
        Config config = new Config();
        config.setClusterName("headrace");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        config.setProperty("hazelcast.heartbeat.interval.seconds", "1");
        config.setProperty("hazelcast.max.no.heartbeat.seconds", "3");
        config.setProperty("hazelcast.operation.generic.thread.count", "2");
        config.setProperty("hazelcast.operation.thread.count", "2");
        config.getJetConfig().setEnabled(false);
        config.getMetricsConfig().setEnabled(false);
        config.setMemberAttributeConfig(attributes(self));
        config.getNetworkConfig().setPort(port).setPortAutoIncrement(true);
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(!members.isEmpty()).setMembers(members);
        config.addListenerConfig(new ListenerConfig(new Removals(listener)));
        return config;
    }

    private static MemberAttributeConfig attributes(Member self) {
        MemberAttributeConfig attributes = new MemberAttributeConfig();
        attributes.setAttribute(Member.ROLE, self.role());
        attributes.setAttribute(Member.NODE_ID, Integer.toString(self.nodeId()));
        attributes.setAttribute(Member.INCARNATION, self.incarnationId().toString());
        attributes.setAttribute(Member.ADDRESS, self.address());
        attributes.setAttribute(Member.RACK, self.rack());
        return attributes;
    }

    /** How many members this one sees, itself included; 0 while it starts. */
    public int size() {
        HazelcastInstance instance = starting.getNow(null);
        return instance == null ? 0 : instance.getCluster().getMembers().size();
    }

    @Override
    public void close() {
        starting.thenAccept(HazelcastInstance::shutdown);
    }

    /** A member that is gone is a suspicion, if it was a storage node. */
    private record Removals(SuspicionListener listener) implements MembershipListener {
        @Override
        public void memberAdded(MembershipEvent event) {
            log.debug("Member {} came", event.getMember());
        }

        @Override
        public void memberRemoved(MembershipEvent event) {
            var member = event.getMember();
            if (!STORAGE.equals(member.getAttribute(Member.ROLE))) {
                return;
            }
            try {
                listener.onSuspicion(
                        Integer.parseInt(member.getAttribute(Member.NODE_ID)),
                        Uuid.fromString(member.getAttribute(Member.INCARNATION)));
            } catch (IllegalArgumentException e) {
                log.warn("Member {} left and did not say who it was", member, e);
            }
        }
    }
}
