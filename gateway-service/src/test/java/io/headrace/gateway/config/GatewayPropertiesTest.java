package io.headrace.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

import java.time.Duration;
import java.util.Map;

class GatewayPropertiesTest {
    private static GatewayProperties bind(Map<String, String> values) {
        return new Binder(new MapConfigurationPropertySource(values))
                .bindOrCreate("headrace.gateway", GatewayProperties.class);
    }

    @Test
    void defaultsAreWhatTheReadmeSays() {
        GatewayProperties defaults = bind(Map.of());
        assertThat(defaults.bootstrapServers()).isEqualTo("localhost:9092");
        assertThat(defaults.operationTimeout()).isEqualTo(Duration.ofSeconds(15));
        assertThat(defaults.produceTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(defaults.limits().maxBody()).isEqualTo(DataSize.ofMegabytes(8));
        assertThat(defaults.limits().maxRecordsPerRequest()).isEqualTo(10_000);
        assertThat(defaults.limits().maxHeadersPerRecord()).isEqualTo(100);
        assertThat(defaults.limits().maxConnections()).isEqualTo(10_000);
        assertThat(defaults.limits().maxWait()).isEqualTo(Duration.ofSeconds(30));
        assertThat(defaults.stream().heartbeat()).isEqualTo(Duration.ofSeconds(15));
        assertThat(defaults.stream().slowReader()).isEqualTo(Duration.ofSeconds(60));
        assertThat(defaults.stream().maxFrame()).isEqualTo(DataSize.ofMegabytes(4));
        assertThat(defaults.stream().maxSubscriptions()).isEqualTo(100);
        assertThat(defaults.fanout().total()).isEqualTo(DataSize.ofMegabytes(32));
        assertThat(defaults.membership().members()).isEmpty();
    }

    @Test
    void impossibleValuesAreRefusedByName() {
        assertThatThrownBy(() -> bind(Map.of("headrace.gateway.limits.max-connections", "0")))
                .hasRootCauseMessage(
                        "headrace.gateway.limits.max-connections must be at least 1, not 0");
    }

    @Test
    void theMemberIsLiteAndJoinsOnlyWhomItIsTold() {
        var config =
                MembershipMember.config(
                        bind(Map.of("headrace.gateway.membership.members", "10.0.0.1:5701"))
                                .membership());
        assertThat(config.isLiteMember()).isTrue();
        assertThat(config.getNetworkConfig().getJoin().getMulticastConfig().isEnabled()).isFalse();
        assertThat(config.getNetworkConfig().getJoin().getTcpIpConfig().getMembers())
                .containsExactly("10.0.0.1:5701");
    }
}
