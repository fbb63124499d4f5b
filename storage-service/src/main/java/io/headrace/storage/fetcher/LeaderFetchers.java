package io.headrace.storage.fetcher;

import io.headrace.storage.partition.LeaderFeed;
import io.headrace.storage.partition.Partition;
import io.headrace.storage.repair.Peers;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelFactory;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.LoopGroup;
import io.headrace.transport.loop.Loops;

import java.util.HashMap;
import java.util.Map;

/**
 * The fetch loops of a node: one for each leader and each loop of partitions, so that a fetch and
 * all that it is about are on one thread.
 */
public final class LeaderFetchers implements LeaderFeed, AutoCloseable {
    private final FetcherSettings settings;
    private final Connector channels;
    private final ChannelOptions options;
    private final NodeAuthenticator authenticator;
    private final FollowerThrottle throttle;
    private final Map<Loop, OfLoop> byLoop = new HashMap<>();
    private volatile boolean leaving;
    private volatile boolean closed;

    /** What one loop has. Confined to it. */
    private static final class OfLoop {
        private final Map<Integer, LeaderFetcher> byLeader = new HashMap<>();
        private final Map<Partition, LeaderFetcher> byPartition = new HashMap<>();
    }

    /**
     * @param loops the loops of partitions
     */
    public LeaderFetchers(
            FetcherSettings settings, LoopGroup loops, NodeAuthenticator authenticator) {
        this(settings, loops, new ChannelFactory(loops), authenticator);
    }

    /**
     * @param loops the loops of partitions
     * @param channels opens connections on them; closed with this
     */
    public LeaderFetchers(
            FetcherSettings settings,
            Loops loops,
            Connector channels,
            NodeAuthenticator authenticator) {
        this.settings = settings;
        this.channels = channels;
        this.options = ChannelOptions.of("replica-" + settings.nodeId());
        this.authenticator = authenticator;
        this.throttle = new FollowerThrottle(settings.nodeId(), settings.image(), System::nanoTime);
        for (int i = 0; i < loops.size(); i++) {
            byLoop.put(loops.at(i), new OfLoop());
        }
    }

    /** The other replicas of a partition, for what is damaged here. */
    public Peers peers(Loops loops) {
        return new ReplicaPeers(settings, loops.at(0), channels, options, authenticator);
    }

    private OfLoop of(Partition partition) {
        OfLoop own = byLoop.get(partition.loop());
        if (own == null) {
            throw new IllegalArgumentException(partition.id() + " is on a loop of another group");
        }
        return own;
    }

    @Override
    public void follow(Partition partition, int leaderId) {
        OfLoop own = of(partition);
        unfollow(partition);
        if (closed) {
            return;
        }
        LeaderFetcher fetcher =
                own.byLeader.computeIfAbsent(
                        leaderId,
                        id ->
                                new LeaderFetcher(
                                        id,
                                        partition.loop(),
                                        settings,
                                        link(id),
                                        throttle,
                                        () -> leaving));
        own.byPartition.put(partition, fetcher);
        fetcher.follow(partition);
    }

    private LeaderLink link(int leaderId) {
        return new LeaderLink(leaderId, settings.image(), channels, options, authenticator);
    }

    @Override
    public void unfollow(Partition partition) {
        LeaderFetcher fetcher = of(partition).byPartition.remove(partition);
        if (fetcher != null) {
            fetcher.unfollow(partition);
        }
    }

    @Override
    public void onProgress(Partition partition) {
        LeaderFetcher fetcher = of(partition).byPartition.get(partition);
        if (fetcher != null) {
            fetcher.onProgress(partition);
        }
    }

    @Override
    public void leave() {
        leaving = true;
    }

    /** Ends fetching. Any thread. */
    @Override
    public void close() {
        closed = true;
        byLoop.forEach(
                (loop, own) ->
                        loop.execute(() -> own.byLeader.values().forEach(LeaderFetcher::close)));
        channels.close();
    }
}
