package io.headrace.coordinator.membership;

import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.config.Config;
import com.hazelcast.config.JavaSerializationFilterConfig;
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
    private final CompletableFuture<HazelcastInstance> starting;

    /** Hears who is seen and who no longer is; called on Hazelcast's threads, must not block. */
    @FunctionalInterface
    public interface SightListener {
        void onSight(Member member, boolean seen);
    }

    /**
     * Starts to join.
     *
     * @param clusterName keeps this cluster apart from others on the same network
     * @param port the first port to try
     * @param members where others may be, host or host:port
     */
    public HazelcastMembership(
            String clusterName,
            Member self,
            int port,
            List<String> members,
            SightListener listener) {
        this(config(clusterName, self, port, members, listener));
    }

    /** Starts to join with that configuration. */
    HazelcastMembership(Config config) {
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

    /** The configuration of a member. */
    static Config config(
            String clusterName,
            Member self,
            int port,
            List<String> members,
            SightListener listener) {
        Config config = new Config();
        config.setClusterName(clusterName);
        // Members exchange nothing but what Hazelcast itself sends.
        config.getSerializationConfig()
                .setJavaSerializationFilterConfig(new JavaSerializationFilterConfig());
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        config.setProperty("hazelcast.heartbeat.interval.seconds", "1");
        config.setProperty("hazelcast.max.no.heartbeat.seconds", "3");
        // Parts that lost sight of each other, as when one was paused, look for each other soon
        // (Hazelcast's default is five minutes): till then a death is seen by silence alone.
        config.setProperty("hazelcast.merge.first.run.delay.seconds", "3");
        config.setProperty("hazelcast.merge.next.run.delay.seconds", "3");
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
        config.addListenerConfig(new ListenerConfig(new Sights(listener)));
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

    /** Where it stands: starting, not started and why, or whom it sees. */
    @Override
    public String toString() {
        return switch (starting.state()) {
            case RUNNING -> "starting";
            case SUCCESS -> {
                HazelcastInstance instance = starting.resultNow();
                yield instance.getLifecycleService().isRunning()
                        ? "sees " + instance.getCluster().getMembers()
                        : "ended";
            }
            case FAILED -> "did not start: " + starting.exceptionNow();
            case CANCELLED -> "cancelled";
        };
    }

    @Override
    public void close() {
        // Nothing is stored that would have to be handed over.
        starting.thenAccept(instance -> instance.getLifecycleService().terminate());
    }

    private record Sights(SightListener listener) implements MembershipListener {
        @Override
        public void memberAdded(MembershipEvent event) {
            tell(event, true);
        }

        @Override
        public void memberRemoved(MembershipEvent event) {
            tell(event, false);
        }

        private void tell(MembershipEvent event, boolean seen) {
            var member = event.getMember();
            try {
                listener.onSight(
                        new Member(
                                text(member, Member.ROLE),
                                Integer.parseInt(text(member, Member.NODE_ID)),
                                Uuid.fromString(text(member, Member.INCARNATION)),
                                text(member, Member.ADDRESS),
                                text(member, Member.RACK)),
                        seen);
            } catch (IllegalArgumentException e) {
                log.warn("Member {} does not say who it is", member, e);
            }
        }

        private static String text(com.hazelcast.cluster.Member member, String attribute) {
            String value = member.getAttribute(attribute);
            return value == null ? "" : value;
        }
    }
}
