package io.headrace.gateway.config;

import io.headrace.client.HeadraceClient;
import io.headrace.client.connection.ConnectionOptions;
import io.headrace.gateway.admin.ClusterHandler;
import io.headrace.gateway.admin.GroupHandler;
import io.headrace.gateway.admin.TopicHandler;
import io.headrace.gateway.console.ConsoleRoutes;
import io.headrace.gateway.fanout.ClientPartitionLog;
import io.headrace.gateway.fanout.Fanout;
import io.headrace.gateway.fanout.FanoutOptions;
import io.headrace.gateway.problem.ProblemResponses;
import io.headrace.gateway.record.BodyBudget;
import io.headrace.gateway.record.ConsumeHandler;
import io.headrace.gateway.record.ProduceHandler;
import io.headrace.gateway.record.ProducerPool;
import io.headrace.gateway.record.StartOffsets;
import io.headrace.gateway.record.TopicCatalog;
import io.headrace.gateway.subscription.EventHandler;
import io.headrace.gateway.subscription.SlowReaders;
import io.headrace.gateway.subscription.SocketRoutes;

import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import tools.jackson.databind.json.JsonMapper;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;

/** What the gateway is made of. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(GatewayProperties.class)
@GatewayAutoConfigurations
@Import({
    ServerConfiguration.class,
    ObservationConfiguration.class,
    OpenApiConfiguration.class,
    MembershipMember.class,
    ProduceHandler.class,
    ConsumeHandler.class,
    EventHandler.class,
    SlowReaders.class,
    SocketRoutes.class,
    TopicHandler.class,
    GroupHandler.class,
    ClusterHandler.class,
    ConsoleRoutes.class,
})
public class GatewayConfiguration {
    private static final Duration CATALOG_AGE = Duration.ofSeconds(2);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    /** The client of the cluster; a test may bring its own. */
    @Bean(destroyMethod = "")
    @org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean
    HeadraceClient headraceClient(GatewayProperties properties) {
        return HeadraceClient.builder()
                .bootstrap(properties.bootstrapServers())
                .clientId(properties.clientId())
                .connection(
                        ConnectionOptions.builder()
                                .operationTimeout(properties.operationTimeout())
                                .requestTimeout(properties.operationTimeout())
                                .build())
                .build();
    }

    @Bean(destroyMethod = "shutdownNow")
    ScheduledExecutorService fanoutLoop() {
        return Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("gateway-fanout").daemon().factory());
    }

    @Bean
    Fanout fanout(
            HeadraceClient client,
            GatewayProperties properties,
            ScheduledExecutorService fanoutLoop,
            FanoutCounters counters) {
        FanoutOptions defaults = FanoutOptions.defaults();
        GatewayProperties.Buffers buffers = properties.fanout();
        FanoutOptions options =
                new FanoutOptions(
                        buffers.perPartition().toBytes(),
                        buffers.total().toBytes(),
                        (int) buffers.fetchBytes().toBytes(),
                        defaults.feedWait(),
                        buffers.linger(),
                        defaults.catchUps(),
                        defaults.gather(),
                        defaults.backoff(),
                        defaults.backoffMax());
        return new Fanout(
                new ClientPartitionLog(client, properties.limits().maxDecompressed().toBytes()),
                options,
                counters,
                fanoutLoop);
    }

    @Bean(destroyMethod = "")
    ProducerPool producerPool(HeadraceClient client, GatewayProperties properties) {
        return new ProducerPool(
                client,
                properties.produceTimeout(),
                (int) properties.limits().maxRecordBytes().toBytes());
    }

    @Bean
    TopicCatalog topicCatalog(HeadraceClient client) {
        return new TopicCatalog(client.admin(), CATALOG_AGE);
    }

    @Bean
    StartOffsets startOffsets(HeadraceClient client) {
        return new StartOffsets(client.consumer());
    }

    @Bean
    BodyBudget bodyBudget(GatewayProperties properties) {
        return new BodyBudget(properties.limits().maxBodiesInFlight().toBytes());
    }

    @Bean
    ProblemResponses problemResponses(JsonMapper mapper) {
        return new ProblemResponses(mapper);
    }

    /** Flushes the producers, then closes the client, when the web server has stopped. */
    @Bean
    AutoCloseable clientShutdown(HeadraceClient client, ProducerPool producers) {
        return () -> producers.close().then(client.close()).block(CLOSE_TIMEOUT);
    }
}
