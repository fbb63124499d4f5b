package io.headrace.gateway.config;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

import java.util.concurrent.CompletableFuture;

/**
 * The gateway as a Hazelcast lite member: it tells the cluster that it is there and decides
 * nothing. It starts beside the gateway, which serves without it, and not at all when it is to join
 * nobody.
 */
class MembershipMember implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(MembershipMember.class);

    private final GatewayProperties.Membership properties;
    private @Nullable CompletableFuture<HazelcastInstance> member;

    MembershipMember(GatewayProperties properties) {
        this.properties = properties.membership();
    }

    @Override
    public void start() {
        if (properties.members().isEmpty()) {
            return;
        }
        CompletableFuture<HazelcastInstance> starting = new CompletableFuture<>();
        member = starting;
        Thread.ofPlatform()
                .daemon()
                .name("gateway-membership")
                .start(
                        () -> {
                            try {
                                starting.complete(
                                        Hazelcast.newHazelcastInstance(config(properties)));
                            } catch (RuntimeException e) {
                                LOG.warn("No membership: {}", e.toString(), e);
                                starting.completeExceptionally(e);
                            }
                        });
    }

    static Config config(GatewayProperties.Membership properties) {
        Config config = new Config();
        config.setClusterName(properties.clusterName());
        config.setLiteMember(true);
        config.setProperty("hazelcast.phone.home.enabled", "false");
        config.setProperty("hazelcast.shutdownhook.enabled", "false");
        config.setProperty("hazelcast.logging.type", "slf4j");
        config.getJetConfig().setEnabled(false);
        config.getMemberAttributeConfig().setAttribute("role", "gateway");
        config.getNetworkConfig().setPort(properties.port()).setPortAutoIncrement(true);
        JoinConfig join = config.getNetworkConfig().getJoin();
        join.getAutoDetectionConfig().setEnabled(false);
        join.getMulticastConfig().setEnabled(false);
        join.getTcpIpConfig().setEnabled(true).setMembers(properties.members());
        return config;
    }

    @Override
    public void stop() {
        CompletableFuture<HazelcastInstance> started = member;
        member = null;
        if (started != null) {
            started.thenAccept(HazelcastInstance::shutdown);
        }
    }

    @Override
    public boolean isRunning() {
        return member != null;
    }
}
