package io.headrace.gateway.config;

import io.headrace.client.HeadraceClient;
import io.headrace.gateway.fanout.Fanout;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.ReactiveHealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import java.time.Duration;

/** Health and meters. */
@Configuration(proxyBeanMethods = false)
class ObservationConfiguration {
    private static final Duration HEALTH_TIMEOUT = Duration.ofSeconds(3);

    @Bean
    FanoutCounters fanoutCounters(MeterRegistry meters) {
        return new FanoutCounters(meters);
    }

    @Bean
    MeterBinder fanoutGauges(Fanout fanout) {
        return meters -> {
            Gauge.builder("headrace.gateway.fanout.feeds", fanout, Fanout::feedCount)
                    .description("Partitions whose recent records are kept for readers")
                    .register(meters);
            Gauge.builder("headrace.gateway.fanout.kept", fanout, Fanout::keptBytes)
                    .description("Recent records kept for readers")
                    .baseUnit("bytes")
                    .register(meters);
        };
    }

    /** Up while the cluster answers: what readiness depends on. */
    @Bean
    ReactiveHealthIndicator clusterHealthIndicator(HeadraceClient client) {
        return () ->
                client.admin()
                        .describeCluster()
                        .timeout(HEALTH_TIMEOUT)
                        .map(
                                cluster ->
                                        Health.up()
                                                .withDetail("clusterId", cluster.clusterId())
                                                .withDetail("nodes", cluster.nodes().size())
                                                .build())
                        .onErrorResume(
                                error ->
                                        reactor.core.publisher.Mono.just(
                                                Health.down()
                                                        .withDetail(
                                                                "reason",
                                                                String.valueOf(error.getMessage()))
                                                        .build()));
    }
}
