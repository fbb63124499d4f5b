package io.headrace.storage.cluster;

import com.hazelcast.config.Config;
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

    /** Starts in the background, if it is enabled. */
    public static HazelcastMembership start(
            StorageProperties.Hazelcast properties, int nodeId, Uuid incarnationId) {
        HazelcastMembership membership = new HazelcastMembership();
        if (properties.enabled() && !properties.members().isEmpty()) {
            Config config = config(properties, nodeId, incarnationId);
            Thread.ofPlatform()
                    .daemon()
                    .name("storage-hazelcast")
                    .start(() -> membership.open(config));
        }
        return membership;
    }

    private static Config config(
            StorageProperties.Hazelcast properties, int nodeId, Uuid incarnationId) {
        Config config = new Config();
        config.setClusterName("headrace");
        config.setLiteMember(true);
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        config.getMemberAttributeConfig()
                .setAttribute("role", "storage")
                .setAttribute("nodeId", Integer.toString(nodeId))
                .setAttribute("incarnation", incarnationId.toString());
        config.getNetworkConfig().setPort(properties.port()).setPortAutoIncrement(true);
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(true);
        properties.members().forEach(join.getTcpIpConfig()::addMember);
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
