package io.headrace.simulation.network;

import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.channel.Connector;
import io.headrace.transport.loop.Loop;
import io.headrace.transport.loop.Loops;

import org.apache.kafka.common.protocol.ApiMessage;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * The network: connections between hosts, in order within one connection and in no order between
 * two, as TCP gives. A lost frame ends its connection, noticed by each end when it pleases chance;
 * a frame of a connection that its client gave up may still arrive, after the retry.
 */
public final class Wire {
    private record Link(String from, String to) {}

    private record Trap(short apiKey, int count, BiConsumer<String, String> onSent) {}

    private final World world;
    private final Map<String, Host> hosts = new LinkedHashMap<>();
    private final Set<Link> cut = new HashSet<>();
    private final Set<Link> held = new HashSet<>();
    private final Map<Link, Long> slow = new HashMap<>();
    private final Set<Pipe> pipes = new LinkedHashSet<>();
    private Tamper tamper = Tamper.NONE;
    private Witness witness = Witness.NONE;
    private @Nullable Trap trap;
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

    /** Who sees each request as it was sent, before any planted bug. */
    public void watch(Witness seer) {
        witness = seer;
    }

    /**
     * Springs once the so-many-th request of an API is sent, in the place of the trap before.
     *
     * @param onSent is given who sent it to whom, right after
     */
    public void trap(short apiKey, int count, BiConsumer<String, String> onSent) {
        trap = new Trap(apiKey, count, onSent);
    }

    /** Whether a trap waits. */
    public boolean isTrapSet() {
        return trap != null;
    }

    void onSend(String from, String to, short apiKey, ApiMessage body) {
        witness.onRequest(from, to, apiKey, body);
        Trap set = trap;
        if (set != null && set.apiKey() == apiKey) {
            trap = set.count() > 1 ? new Trap(apiKey, set.count() - 1, set.onSent()) : null;
            if (trap == null) {
                world.after(0, () -> set.onSent().accept(from, to));
            }
        }
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

    /** Makes each frame of one direction take up to so much longer. */
    public void slow(String from, String to, long maxMs) {
        slow.put(new Link(from, to), maxMs);
        world.trace("slow " + from + ">" + to, maxMs, 0, 0);
    }

    long slownessMs(String from, String to) {
        if (slow.isEmpty()) {
            return 0;
        }
        Long maxMs = slow.get(new Link(from, to));
        return maxMs == null ? 0 : world.between(0, maxMs);
    }

    /** Mends every cut and slow link, but no held one: what was held up goes on. */
    public void heal() {
        cut.clear();
        slow.clear();
        world.trace("heal", 0, 0, 0);
        goOn();
    }

    /** Cuts one direction until it is let go. */
    public void hold(String from, String to) {
        held.add(new Link(from, to));
        world.trace("hold " + from + ">" + to, 0, 0, 0);
    }

    /** Mends what was held. */
    public void letGo(String from, String to) {
        held.remove(new Link(from, to));
        world.trace("let go " + from + ">" + to, 0, 0, 0);
        goOn();
    }

    private void goOn() {
        for (Pipe pipe : List.copyOf(pipes)) {
            pipe.goOn();
        }
    }

    boolean isCut(String from, String to) {
        if (cut.isEmpty() && held.isEmpty()) {
            return false;
        }
        Link link = new Link(from, to);
        return cut.contains(link) || held.contains(link);
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
            pipe.onDeath(host, machineLives, world.between(2_000, 15_000));
        }
    }

    /** A process closes its port and all connections that it accepted. */
    public void shut(Host host) {
        host.shut();
        for (Pipe pipe : List.copyOf(pipes)) {
            pipe.onShut(host);
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
