package io.headrace.storage.cluster;

import com.hazelcast.config.Config;
import com.hazelcast.config.JavaSerializationFilterConfig;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;

import io.headrace.storage.config.StorageProperties;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node as a lite member of the cluster's Hazelcast group: a sign of life for others, nothing
 * that this node depends on. It does not start unless members are named.
 */
public final class HazelcastMembership implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HazelcastMembership.class);

    private @Nullable HazelcastInstance instance;
    private boolean closed;

    private HazelcastMembership() {}

    /**
     * What this node tells of itself.
     *
     * @param address where it serves, host:port
     * @param rack empty when it is in none
     */
    public record Self(int nodeId, Uuid incarnationId, String address, String rack) {}

    /**
     * Starts in the background, if it is enabled.
     *
     * @param clusterName keeps this cluster apart from others on the same network
     */
    public static HazelcastMembership start(
            StorageProperties.Hazelcast properties, String clusterName, Self self) {
        HazelcastMembership membership = new HazelcastMembership();
        if (properties.enabled() && !properties.members().isEmpty()) {
            Config config = config(properties, clusterName, self);
            Thread.ofPlatform()
                    .daemon()
                    .name("storage-hazelcast")
                    .start(() -> membership.open(config));
        }
        return membership;
    }

    private static Config config(
            StorageProperties.Hazelcast properties, String clusterName, Self self) {
        Config config = new Config();
        config.setClusterName(clusterName);
        config.setLiteMember(true);
        // Members exchange nothing but what Hazelcast itself sends.
        config.getSerializationConfig()
                .setJavaSerializationFilterConfig(new JavaSerializationFilterConfig());
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        // The oldest member judges, and it may be this one: the same limits everywhere.
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
        config.getMemberAttributeConfig()
                .setAttribute("role", "storage")
                .setAttribute("nodeId", Integer.toString(self.nodeId()))
                .setAttribute("incarnation", self.incarnationId().toString())
                .setAttribute("address", self.address())
                .setAttribute("rack", self.rack());
        config.getNetworkConfig().setPort(properties.port()).setPortAutoIncrement(true);
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(true).setMembers(properties.members());
        return config;
    }

    private void open(Config config) {
        HazelcastInstance opened;
        try {
            opened = Hazelcast.newHazelcastInstance(config);
        } catch (RuntimeException e) {
            LOG.warn("No Hazelcast membership: failures of this node are seen later", e);
            return;
        }
        boolean unwanted;
        synchronized (this) {
            unwanted = closed;
            instance = opened;
        }
        if (unwanted) {
            opened.getLifecycleService().terminate();
        }
    }

    @Override
    public void close() {
        HazelcastInstance open;
        synchronized (this) {
            closed = true;
            open = instance;
            instance = null;
        }
        if (open != null) {
            open.getLifecycleService().terminate();
        }
    }
}
