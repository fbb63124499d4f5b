package io.headrace.coordinator;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.config.ClusterProperties;
import io.headrace.coordinator.config.CoordinatorProperties;
import io.headrace.coordinator.config.GroupOptions;
import io.headrace.coordinator.config.TransactionOptions;
import io.headrace.coordinator.handler.ForwardedHandler;
import io.headrace.coordinator.handler.HandlerTable;
import io.headrace.coordinator.handler.admin.AdminHandlers;
import io.headrace.coordinator.metadata.Controller;
import io.headrace.coordinator.metadata.ControllerOptions;
import io.headrace.coordinator.metadata.Database;
import io.headrace.coordinator.metadata.MetadataLog;
import io.headrace.coordinator.share.ShareStateProperties;
import io.headrace.transport.loop.LoopGroup;

import org.apache.kafka.common.Uuid;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.MapPropertySource;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The rooms of the service, put together. */
@Configuration(proxyBeanMethods = false)
class CoordinatorConfiguration {
    /** The property that tells the port for nodes once it is open. */
    static final String LOCAL_PORT = "local.headrace.coordinator.port";

    @Bean
    ClusterRules clusterRules(CoordinatorProperties properties) {
        return new ClusterRules(
                properties.sessionTimeout().toMillis(),
                properties.topicDefaults().partitions(),
                properties.topicDefaults().replicationFactor(),
                properties.topicDefaults().offsetsPartitions(),
                properties.topicDefaults().transactionsPartitions(),
                properties.topicDefaults().shareStatePartitions(),
                properties.limits().partitionsPerRequest(),
                properties.limits().partitions());
    }

    @Bean
    LoopGroup coordinatorLoops(CoordinatorProperties properties) {
        return LoopGroup.start("coordinator", properties.threads());
    }

    /** Not started: {@link CoordinatorServer} starts it when its port is known, and closes it. */
    @Bean(destroyMethod = "")
    Controller controller(CoordinatorProperties properties, ClusterRules rules) {
        return new Controller(
                ControllerOptions.of(
                        properties.id(), rules, () -> open(properties), new SecureRandom()));
    }

    private static Database open(CoordinatorProperties properties) {
        CoordinatorProperties.SqlDatabase database = properties.database();
        return database.url().isEmpty()
                ? Database.embedded(properties.dataDirectory())
                : Database.postgresql(database.url(), database.user(), database.password());
    }

    /** The committed metadata, for whoever follows it. */
    @Bean
    MetadataLog metadataLog(Controller controller) {
        return controller.metadataLog();
    }

    /** This run of the coordinator. */
    @Bean
    Uuid coordinatorIncarnation() {
        return Uuid.randomUuid();
    }

    @Bean
    GroupService groupService(
            CoordinatorProperties properties,
            ClusterProperties cluster,
            GroupOptions options,
            Uuid coordinatorIncarnation,
            LoopGroup coordinatorLoops,
            Controller controller) {
        return new GroupService(
                properties, cluster, options, coordinatorIncarnation, coordinatorLoops, controller);
    }

    @Bean
    TransactionService transactionService(
            CoordinatorProperties properties,
            TransactionOptions options,
            Uuid coordinatorIncarnation,
            LoopGroup coordinatorLoops,
            Controller controller,
            GroupService groups) {
        return new TransactionService(
                properties.id(),
                options.toProperties(),
                coordinatorIncarnation,
                coordinatorLoops,
                controller,
                groups.clockMs(),
                groups.links(),
                groups.shards());
    }

    @Bean
    ShareStateService shareStateService(
            CoordinatorProperties properties,
            Uuid coordinatorIncarnation,
            LoopGroup coordinatorLoops,
            Controller controller,
            GroupService groups) {
        return new ShareStateService(
                properties.id(),
                ShareStateProperties.defaults(),
                coordinatorIncarnation,
                coordinatorLoops,
                controller,
                groups.clockMs(),
                groups.links());
    }

    @Bean
    HandlerTable handlerTable(
            Controller controller,
            GroupService groups,
            TransactionService transactions,
            ShareStateService shareStates,
            ObjectProvider<ForwardedHandler> others) {
        List<ForwardedHandler> handlers = new ArrayList<>(AdminHandlers.of(controller));
        handlers.addAll(groups.handlers());
        handlers.addAll(transactions.handlers());
        handlers.addAll(shareStates.handlers());
        others.orderedStream().forEach(handlers::add);
        return new HandlerTable(handlers);
    }

    @Bean
    @Lazy(false)
    CoordinatorServer coordinatorServer(
            CoordinatorProperties properties,
            ClusterProperties cluster,
            ClusterRules rules,
            LoopGroup coordinatorLoops,
            Controller controller,
            HandlerTable handlers,
            GroupService groups,
            TransactionService transactions,
            ShareStateService shareStates,
            Uuid coordinatorIncarnation,
            ConfigurableEnvironment environment) {
        CoordinatorServer server =
                new CoordinatorServer(
                        properties,
                        cluster,
                        rules,
                        coordinatorIncarnation,
                        coordinatorLoops,
                        controller,
                        handlers,
                        groups.shards()::submit,
                        groups.warmUp()::isDone,
                        () ->
                                groups.shards().isEmpty()
                                        && transactions.shards().isEmpty()
                                        && shareStates.shards().isEmpty());
        environment
                .getPropertySources()
                .addFirst(
                        new MapPropertySource(
                                "coordinator port",
                                Map.of(LOCAL_PORT, server.address().getPort())));
        return server;
    }
}
