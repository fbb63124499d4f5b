package io.headrace.testkit.network;

import io.headrace.testkit.clock.ManualLoop;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.random.RandomGenerator;

/**
 * Messages between named nodes, which arrive late, twice, in another order, or not at all, as a
 * seed decides.
 *
 * <p>Confined to the thread of its {@link ManualLoop}. A link is one direction between two nodes;
 * with {@link LinkFaults#ordered} it behaves as a connection: what arrives is in order.
 *
 * @param <N> names a node
 * @param <M> a message, which must not change once sent
 */
public final class SimulatedNetwork<N, M> {
    private record Link<N>(N from, N to) {}

    private final ManualLoop loop;
    private final RandomGenerator random;
    private final Map<N, BiConsumer<N, M>> receivers = new HashMap<>();
    private final Set<Link<N>> cut = new HashSet<>();
    private final Map<Link<N>, Long> lastArrivalMs = new HashMap<>();
    private LinkFaults faults = LinkFaults.NONE;
    private long delivered;
    private long lost;

    public SimulatedNetwork(ManualLoop loop, RandomGenerator random) {
        this.loop = loop;
        this.random = random;
    }

    /** What goes wrong on every link from now on. */
    public void faults(LinkFaults next) {
        faults = next;
    }

    /** Attaches a node; it receives the sender and the message. Replaces an older one. */
    public void attach(N node, BiConsumer<N, M> receiver) {
        receivers.put(node, receiver);
    }

    /** Takes a node off: what is on its way to it is lost. */
    public void detach(N node) {
        receivers.remove(node);
    }

    /** Sends a message; it arrives, if it does, by a task of the loop. */
    public void send(N from, N to, M message) {
        Link<N> link = new Link<>(from, to);
        if (cut.contains(link) || random.nextDouble() < faults.lossChance()) {
            lost++;
            return;
        }
        deliverLater(link, message);
        if (random.nextDouble() < faults.duplicateChance()) {
            deliverLater(link, message);
        }
    }

    private void deliverLater(Link<N> link, M message) {
        long rangeMs = faults.maxDelay().minus(faults.minDelay()).toMillis();
        long atMs = loop.nowMs() + faults.minDelay().toMillis() + random.nextLong(rangeMs + 1);
        if (faults.ordered()) {
            atMs = Math.max(atMs, lastArrivalMs.getOrDefault(link, atMs));
            lastArrivalMs.put(link, atMs);
        }
        loop.after(Duration.ofMillis(atMs - loop.nowMs()), () -> deliver(link, message));
    }

    private void deliver(Link<N> link, M message) {
        BiConsumer<N, M> receiver = receivers.get(link.to);
        if (receiver == null || cut.contains(link)) {
            lost++;
            return;
        }
        delivered++;
        receiver.accept(link.from, message);
    }

    /** Cuts one direction; what is on its way is lost. */
    public void cut(N from, N to) {
        cut.add(new Link<>(from, to));
    }

    /** Cuts both directions between every node of one side and every node of the other. */
    public void part(Set<N> oneSide, Set<N> otherSide) {
        for (N one : oneSide) {
            for (N other : otherSide) {
                cut(one, other);
                cut(other, one);
            }
        }
    }

    /** Mends every cut. */
    public void heal() {
        cut.clear();
    }

    /** How many messages arrived. */
    public long delivered() {
        return delivered;
    }

    /** How many messages were lost. */
    public long lost() {
        return lost;
    }
}
