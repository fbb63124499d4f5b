package io.headrace.storage.forward;

import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.ShardOwnerImage;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelFactory;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.LoopGroup;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** The links to all coordinators, and which of them to ask (any thread). */
public final class CoordinatorLinks implements AutoCloseable {
    private final List<InetSocketAddress> seeds;
    private final ChannelFactory channels;
    private final ChannelOptions options;
    private final NodeAuthenticator authenticator;
    private final Loop loop;
    private final Supplier<MetadataImage> image;
    private final Map<InetSocketAddress, CoordinatorLink> links = new ConcurrentHashMap<>();
    private final AtomicInteger nextSeed = new AtomicInteger();
    private volatile @Nullable InetSocketAddress hinted;

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
        this.seeds = List.copyOf(seeds);
        this.channels = new ChannelFactory(loops);
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
        return link(controllerAddress()).channel();
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

    /** A channel to that coordinator. */
    public CompletableFuture<ClientChannel> channel(CoordinatorImage coordinator) {
        return link(new InetSocketAddress(coordinator.host(), coordinator.port())).channel();
    }

    /**
     * The controller that was asked is not the active one, or does not answer: the next question
     * goes elsewhere.
     *
     * @param controllerId the one it named, or -1
     */
    public void onNotController(int controllerId) {
        CoordinatorImage named = image.get().coordinators().get(controllerId);
        nextSeed.incrementAndGet();
        hinted = named == null ? null : new InetSocketAddress(named.host(), named.port());
    }

    private InetSocketAddress controllerAddress() {
        InetSocketAddress hint = hinted;
        if (hint != null) {
            return hint;
        }
        MetadataImage known = image.get();
        CoordinatorImage controller = known.coordinators().get(known.controllerId());
        int attempt = nextSeed.get();
        // The metadata's controller and the seeds take turns: either may be out of date.
        if (controller != null && (attempt % 2 == 0 || seeds.isEmpty())) {
            return new InetSocketAddress(controller.host(), controller.port());
        }
        return seeds.get(Math.floorMod(controller == null ? attempt : attempt / 2, seeds.size()));
    }

    /** The metadata names another controller. */
    public void onControllerChanged() {
        hinted = null;
        nextSeed.set(0);
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
