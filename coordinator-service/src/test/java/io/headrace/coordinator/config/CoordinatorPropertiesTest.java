package io.headrace.coordinator.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

class CoordinatorPropertiesTest {
    private static CoordinatorProperties bind(Map<String, String> values) {
        return new Binder(new MapConfigurationPropertySource(values))
                .bindOrCreate("headrace.coordinator", CoordinatorProperties.class);
    }

    @Test
    void defaults() {
        CoordinatorProperties properties = bind(Map.of());
        assertThat(properties.id()).isEqualTo(1001);
        assertThat(properties.host()).isEqualTo("0.0.0.0");
        assertThat(properties.port()).isEqualTo(9094);
        assertThat(properties.advertisedHost()).isEmpty();
        assertThat(properties.threads()).isEqualTo(1);
        assertThat(properties.dataDirectory()).isEqualTo(Path.of("data/coordinator"));
        assertThat(properties.sessionTimeout()).isEqualTo(Duration.ofSeconds(9));
        assertThat(properties.topicDefaults())
                .isEqualTo(new CoordinatorProperties.TopicDefaults(1, 3, 50, 50, 50));
        assertThat(properties.limits())
                .isEqualTo(new CoordinatorProperties.Limits(10_000, 200_000));
        assertThat(properties.database())
                .isEqualTo(new CoordinatorProperties.SqlDatabase("", "", ""));
        assertThat(properties.membership())
                .isEqualTo(new CoordinatorProperties.Membership(List.of(), 5701, ""));
    }

    @Test
    void wrongValuesAreRefusedWithTheirName() {
        assertThatThrownBy(() -> bind(Map.of("headrace.coordinator.port", "70000")))
                .rootCause()
                .hasMessageContaining("headrace.coordinator.port must be between 0 and 65535");
        assertThatThrownBy(() -> bind(Map.of("headrace.coordinator.database.url", "jdbc:x:y")))
                .rootCause()
                .hasMessageContaining("must begin with jdbc:postgresql:");
        assertThatThrownBy(() -> new ClusterProperties("short"))
                .hasMessageContaining("headrace.cluster.secret");
    }

    @Test
    void membersThatStartTogetherAreWaitedForWhateverTheDelay() {
        assertThat(initialDelayMs("0s")).isEqualTo(50);
        assertThat(initialDelayMs("51ms")).isEqualTo(51);
        assertThatThrownBy(() -> initialDelayMs("-1ms")).hasMessageContaining("negative");
    }

    private static int initialDelayMs(String delay) {
        return new Binder(
                        new MapConfigurationPropertySource(
                                Map.of(
                                        "headrace.coordinator.group.initial-rebalance-delay",
                                        delay)))
                .bindOrCreate("headrace.coordinator.group", GroupOptions.class)
                .toProperties()
                .initialRebalanceDelayMs();
    }

    @Test
    void secretsAreNotShown() {
        assertThat(new ClusterProperties("a secret of sixteen").toString())
                .doesNotContain("sixteen");
        assertThat(new CoordinatorProperties.SqlDatabase("", "u", "pass").toString())
                .doesNotContain("pass,")
                .contains("hidden");
    }
}
