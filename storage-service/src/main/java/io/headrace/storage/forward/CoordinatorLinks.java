package io.headrace.storage.forward;

import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.protocol.metadata.TopicImage;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelFactory;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.loop.Loops;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** The links to all coordinators, and which of them to ask (any thread). */
public final class CoordinatorLinks implements AutoCloseable {
    private final List<InetSocketAddress> seeds;
    private final Connector channels;
    private final ChannelOptions options;
    private final NodeAuthenticator authenticator;
    private final Loop loop;
    private final Supplier<MetadataImage> image;
    private final LongSupplier monotonicMs;
    private final Map<InetSocketAddress, CoordinatorLink> links = new ConcurrentHashMap<>();
    private final ControllerSearch search = new ControllerSearch();
    private @Nullable InetSocketAddress chosen;

    /**
     * @param seeds the configured coordinators, used until the metadata names the others
     * @param loops where links live; apart from the loops of clients and partitions
     */
    public CoordinatorLinks(
            List<InetSocketAddress> seeds,
            LoopGroup loops,
            ChannelOptions options,
            NodeAuthenticator authenticator,
            Supplier<MetadataImage> image) {
        this(
                seeds,
                loops,
                new ChannelFactory(loops),
                options,
                authenticator,
                image,
                () -> System.nanoTime() / 1_000_000);
    }

    /**
     * @param seeds the configured coordinators, used until the metadata names the others
     * @param loops where links live; apart from the loops of clients and partitions
     * @param channels opens connections on them; closed with this
     * @param monotonicMs a clock that is never set
     */
    public CoordinatorLinks(
            List<InetSocketAddress> seeds,
            Loops loops,
            Connector channels,
            ChannelOptions options,
            NodeAuthenticator authenticator,
            Supplier<MetadataImage> image,
            LongSupplier monotonicMs) {
        this.seeds = List.copyOf(seeds);
        this.channels = channels;
        this.monotonicMs = monotonicMs;
        this.options = options;
        this.authenticator = authenticator;
        this.loop = loops.at(0);
        this.image = image;
    }

    /** The loop on which links and retries live. */
    public Loop loop() {
        return loop;
    }

    /** A channel to the active controller as far as this node knows. */
    public CompletableFuture<ClientChannel> controller() {
        InetSocketAddress address;
        synchronized (search) {
            address = search.choose(coordinators(), nowMs());
            chosen = address;
        }
        CompletableFuture<ClientChannel> channel = link(address).channel();
        channel.whenComplete(
                (opened, failure) -> {
                    if (failure != null) {
                        onNoAnswer(address);
                    }
                });
        return channel;
    }

    /** All that are known: the metadata's controller, the other registered ones, the seeds. */
    private List<InetSocketAddress> coordinators() {
        MetadataImage known = image.get();
        List<InetSocketAddress> addresses = new ArrayList<>();
        CoordinatorImage controller = known.coordinators().get(known.controllerId());
        if (controller != null) {
            addresses.add(addressOf(controller));
        }
        known.coordinators().values().forEach(each -> addresses.add(addressOf(each)));
        addresses.addAll(seeds);
        return addresses;
    }

    private static InetSocketAddress addressOf(CoordinatorImage coordinator) {
        return InetSocketAddress.createUnresolved(coordinator.host(), coordinator.port());
    }

    private long nowMs() {
        return monotonicMs.getAsLong();
    }

    /**
     * A channel to the owner of a shard, or to the active controller, which will name one, while
     * the shard has none.
     */
    public CompletableFuture<ClientChannel> owner(byte kind, int shard) {
        MetadataImage known = image.get();
        ShardOwnerImage owner = known.shardOwner(kind, shard);
        CoordinatorImage coordinator =
                owner == null ? null : known.coordinators().get(owner.ownerId());
        return coordinator == null ? controller() : channel(coordinator);
    }

    /**
     * A channel to the owner of a key's shard; while the shards' topic is not there, to the active
     * controller, which makes it when asked.
     */
    public CompletableFuture<ClientChannel> owner(byte kind, String topicName, String key) {
        TopicImage topic = image.get().topic(topicName);
        return topic == null || topic.partitionCount() == 0
                ? controller()
                : owner(kind, ShardOwnerImage.shardOf(key, topic.partitionCount()));
    }

    /** A channel to that coordinator. */
    public CompletableFuture<ClientChannel> channel(CoordinatorImage coordinator) {
        return link(addressOf(coordinator)).channel();
    }

    /** A coordinator does not answer: others are asked for a while. */
    public void onNoAnswer(InetSocketAddress address) {
        synchronized (search) {
            search.onFailed(address, nowMs());
        }
    }

    /**
     * A coordinator says that it is not the active controller.
     *
     * @param controllerId the one it named, or -1
     */
    public void onNotController(InetSocketAddress address, int controllerId) {
        CoordinatorImage named = image.get().coordinators().get(controllerId);
        synchronized (search) {
            search.onNotController(address, named == null ? null : addressOf(named), nowMs());
        }
    }

    /**
     * The coordinator that was last asked for as the controller is not the active one, or does not
     * answer: the next question goes elsewhere.
     *
     * @param controllerId the one it named, or -1
     */
    public void onNotController(int controllerId) {
        InetSocketAddress last;
        synchronized (search) {
            last = chosen;
        }
        if (last != null) {
            onNotController(last, controllerId);
        }
    }

    /** The metadata names another controller, or other coordinators. */
    public void onControllerChanged() {
        MetadataImage known = image.get();
        CoordinatorImage controller = known.coordinators().get(known.controllerId());
        synchronized (search) {
            search.onControllerChanged(controller == null ? null : addressOf(controller));
        }
    }

    private CoordinatorLink link(InetSocketAddress address) {
        return links.computeIfAbsent(
                address, to -> new CoordinatorLink(to, channels, options, authenticator, loop));
    }

    @Override
    public void close() {
        links.values().forEach(CoordinatorLink::close);
        channels.close();
    }
}
