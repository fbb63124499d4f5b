package io.headrace.client;

import io.headrace.client.admin.Admin;
import io.headrace.client.admin.ClusterAdmin;
import io.headrace.client.connection.BootstrapAddress;
import io.headrace.client.connection.ConnectionOptions;
import io.headrace.client.connection.Connections;
import io.headrace.client.connection.Failures;
import io.headrace.client.connection.Retrier;
import io.headrace.client.consume.Consumer;
import io.headrace.client.consume.PartitionConsumer;
import io.headrace.client.group.ClassicGroupConsumer;
import io.headrace.client.group.GroupConsumer;
import io.headrace.client.group.GroupOptions;
import io.headrace.client.metadata.LeaderCalls;
import io.headrace.client.metadata.Metadata;
import io.headrace.client.produce.Producer;
import io.headrace.client.produce.ProducerOptions;
import io.headrace.client.produce.TransactionOptions;
import io.headrace.client.produce.TransactionalProducer;
import io.headrace.client.produce.send.BatchingProducer;
import io.headrace.client.produce.send.BatchingTransactions;
import io.headrace.transport.channel.ChannelFactory;
import io.headrace.transport.loop.LoopGroup;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The client over real connections. */
final class ConnectedClient implements HeadraceClient {
    private final LoopGroup loops;
    private final ChannelFactory channels;
    private final Connections connections;
    private final Metadata metadata;
    private final LeaderCalls leaders;
    private final Retrier retrier;

    private final Consumer consumer;
    private final Admin admin;

    /** How to close each producer and member that is not closed yet, by its number. */
    private final Map<Integer, Mono<Void>> closers = new ConcurrentHashMap<>();

    private final AtomicInteger nextNumber = new AtomicInteger();
    private volatile boolean closed;

    private ConnectedClient(
            List<BootstrapAddress> bootstrap,
            String clientId,
            ConnectionOptions options,
            int threads) {
        this.loops = LoopGroup.start(clientId, threads);
        this.channels = new ChannelFactory(loops);

        this.connections = new Connections(channels, loops.at(0), clientId, options);
        this.retrier = new Retrier(loops.at(0), options);
        this.metadata = new Metadata(bootstrap, connections, retrier);
        this.leaders = new LeaderCalls(connections, metadata, loops.at(0));
        this.consumer = new PartitionConsumer(connections, metadata, leaders, retrier, loops);
        this.admin = new ClusterAdmin(connections, metadata, leaders, retrier);
    }

    static HeadraceClient start(
            List<BootstrapAddress> bootstrap,
            String clientId,
            ConnectionOptions options,
            int threads) {
        return new ConnectedClient(bootstrap, clientId, options, threads);
    }

    @Override
    public Producer producer(ProducerOptions options) {
        requireOpen();
        int number = nextNumber.getAndIncrement();
        Producer producer =
                new BatchingProducer(
                        options,
                        connections,
                        metadata,
                        loops.at(number % loops.size()),
                        "producer-" + number,
                        () -> closers.remove(number));
        closers.put(number, producer.close());
        return producer;
    }

    @Override
    public TransactionalProducer transactionalProducer(TransactionOptions options) {
        requireOpen();
        int number = nextNumber.getAndIncrement();
        TransactionalProducer producer =
                BatchingTransactions.start(
                        options,
                        connections,
                        metadata,
                        retrier,
                        loops.at(number % loops.size()),
                        "producer-" + number,
                        () -> closers.remove(number));
        closers.put(number, producer.close());
        return producer;
    }

    @Override
    public Consumer consumer() {
        requireOpen();
        return consumer;
    }

    @Override
    public GroupConsumer groupConsumer(GroupOptions options) {
        requireOpen();
        int number = nextNumber.getAndIncrement();
        GroupConsumer member =
                new ClassicGroupConsumer(
                        options,
                        connections,
                        metadata,
                        leaders,
                        loops.at(number % loops.size()),
                        "group-" + number,
                        () -> closers.remove(number));
        closers.put(number, member.close());
        return member;
    }

    @Override
    public Admin admin() {
        requireOpen();
        return admin;
    }

    private void requireOpen() {
        if (closed) {
            throw Failures.closed("The client");
        }
    }

    @Override
    public Mono<Void> close() {
        return Mono.defer(
                () -> {
                    if (closed) {
                        return Mono.empty();
                    }
                    closed = true;
                    return Flux.fromIterable(List.copyOf(closers.values()))
                            .flatMap(closer -> closer.onErrorResume(failure -> Mono.empty()))
                            .then(
                                    Mono.<Void>fromRunnable(this::release)
                                            .subscribeOn(Schedulers.boundedElastic()));
                });
    }

    /** Waits for the loops to end, so never on one of them. */
    private void release() {
        connections.close();
        channels.close();
        loops.close();
    }
}
