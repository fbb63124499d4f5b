package io.headrace.simulation.network;

import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * The network: connections between hosts, in order within one connection and in no order between
 * two, as TCP gives. A lost frame ends its connection, noticed by each end when it pleases chance;
 * a frame of a connection that its client gave up may still arrive, after the retry.
 */
public final class Wire {
    private record Link(String from, String to) {}

    private final World world;
    private final Map<String, Host> hosts = new LinkedHashMap<>();
    private final Set<Link> cut = new HashSet<>();
    private final Set<Pipe> pipes = new LinkedHashSet<>();
    private Tamper tamper = Tamper.NONE;
    private long minDelayMs;
    private long maxDelayMs = 2;
    private double lossChance;
    private double stallChance;
    private long nextPipe;

    public Wire(World world) {
        this.world = world;
    }

    World world() {
        return world;
    }

    public void plant(Tamper bug) {
        tamper = bug;
    }

    Tamper tamper() {
        return tamper;
    }

    /**
     * What goes wrong from now on.
     *
     * @param lossChance of each frame, and with it of its connection
     * @param stallChance of each frame to be held up for long
     */
    public void faults(long minDelay, long maxDelay, double lossChance, double stallChance) {
        this.minDelayMs = minDelay;
        this.maxDelayMs = maxDelay;
        this.lossChance = lossChance;
        this.stallChance = stallChance;
    }

    /** Puts a process at its address, in the place of the one before. */
    public void attach(Host host) {
        hosts.put(host.name(), host);
    }

    /** Cuts one direction. */
    public void cut(String from, String to) {
        cut.add(new Link(from, to));
        world.trace("cut " + from + ">" + to, 0, 0, 0);
    }

    /** Mends every cut: what was held up goes on. */
    public void heal() {
        cut.clear();
        world.trace("heal", 0, 0, 0);
        for (Pipe pipe : List.copyOf(pipes)) {
            pipe.goOn();
        }
    }

    boolean isCut(String from, String to) {
        return cut.contains(new Link(from, to));
    }

    boolean losesFrame() {
        return lossChance > 0 && world.chance(lossChance);
    }

    long delayMs() {
        long usual = world.between(minDelayMs, maxDelayMs);
        return stallChance > 0 && world.chance(stallChance)
                ? usual + world.between(50, 3_000)
                : usual;
    }

    /**
     * Ends the connections of a process that died.
     *
     * @param machineLives whether its system tells the other ends
     */
    public void onDeath(Host host, boolean machineLives) {
        for (Pipe pipe : List.copyOf(pipes)) {
            pipe.onDeath(host, machineLives ? delayMs() : world.between(2_000, 15_000));
        }
    }

    void forget(Pipe pipe) {
        pipes.remove(pipe);
    }

    /** Opens connections of a host, on its loops in turn. */
    public Connector connectorOf(Host from, Loops loops) {
        return new HostConnector(from, loops);
    }

    private final class HostConnector implements Connector {
        private final Host from;
        private final Loops loops;
        private final List<Pipe> opened = new ArrayList<>();
        private int next;
        private boolean closed;

        HostConnector(Host from, Loops loops) {
            this.from = from;
            this.loops = loops;
        }

        @Override
        public CompletableFuture<ClientChannel> connect(
                InetSocketAddress address, ChannelOptions options) {
            CompletableFuture<ClientChannel> result = new CompletableFuture<>();
            if (closed) {
                result.completeExceptionally(new IOException("This client is closed"));
                return result;
            }
            Loop loop = loopOfCaller();
            String to = address.getHostString();
            loop.schedule(
                    () ->
                            result.completeExceptionally(
                                    new IOException("No connection to " + to + " in time")),
                    options.connectTimeout().toMillis());
            if (!isCut(from.name(), to) && !losesFrame()) {
                world.after(delayMs(), () -> arrive(address, options, loop, result));
            }
            return result;
        }

        /** As with event loops: the caller's own, if it is one of the group. */
        private Loop loopOfCaller() {
            for (int i = 0; i < loops.size(); i++) {
                if (loops.at(i).inLoop()) {
                    return loops.at(i);
                }
            }
            return loops.at(next++ % loops.size());
        }

        private void arrive(
                InetSocketAddress address,
                ChannelOptions options,
                Loop loop,
                CompletableFuture<ClientChannel> result) {
            Host to = hosts.get(address.getHostString());
            if (isCut(address.getHostString(), from.name())) {
                return;
            }
            if (to == null || !to.isAlive() || to.door() == null) {
                long backMs = delayMs();
                loop.schedule(
                        () ->
                                result.completeExceptionally(
                                        new IOException("Nobody listens at " + address)),
                        backMs);
                return;
            }
            if (result.isDone() || !from.isAlive()) {
                return;
            }
            Pipe pipe = new Pipe(Wire.this, nextPipe++, from, loop, to, address, options);
            pipes.add(pipe);
            opened.add(pipe);
            pipe.open(result);
        }

        @Override
        public void close() {
            closed = true;
            opened.forEach(Pipe::closeByClient);
        }
    }
}
