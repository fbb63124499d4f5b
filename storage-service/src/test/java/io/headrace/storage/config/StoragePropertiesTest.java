package io.headrace.storage.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

import java.util.Map;

class StoragePropertiesTest {
    private static StorageProperties bind(Map<String, ?> values) {
        return new Binder(new MapConfigurationPropertySource(values))
                .bindOrCreate("headrace.storage", StorageProperties.class);
    }

    @Test
    void defaultsAreKafkas() {
        StorageProperties properties = bind(Map.of());
        assertThat(properties.listener().port()).isEqualTo(9092);
        assertThat(properties.autoCreateTopics()).isTrue();
        assertThat(properties.advertised()).isNull();
        assertThat(properties.limits().maxRequestBytes()).isEqualTo(104857600);
        assertThat(properties.limits().maxFetchBytes()).isEqualTo(57671680);
        assertThat(properties.hazelcast().members()).isEmpty();
    }

    @Test
    void thereIsALoopForTwoProcessorsUnlessToldOtherwise() {
        assertThat(StorageProperties.loopsFor(1)).isEqualTo(1);
        assertThat(StorageProperties.loopsFor(2)).isEqualTo(1);
        assertThat(StorageProperties.loopsFor(3)).isEqualTo(1);
        assertThat(StorageProperties.loopsFor(16)).isEqualTo(8);
        assertThat(bind(Map.of("headrace.storage.loops", "3")).loopCount()).isEqualTo(3);
    }

    @Test
    void aValueThatCannotWorkIsNamed() {
        assertThatThrownBy(() -> bind(Map.of("headrace.storage.node-id", "-1")))
                .rootCause()
                .hasMessage("headrace.storage.node-id must be from 0 up");
        assertThatThrownBy(() -> bind(Map.of("headrace.storage.coordinators", "nowhere")))
                .rootCause()
                .hasMessageContaining("host:port");
    }
}
