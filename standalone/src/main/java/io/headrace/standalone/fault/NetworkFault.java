package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.Role;
import io.headrace.standalone.fault.LinkEnd.Delay;
import io.headrace.standalone.fault.LinkEnd.Tally;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * A bad network: what is sent to one node, by it, or both, its clients' packets too, is lost in
 * part, is slow, or both. It befalls a storage node, all of them (less), or the active controller.
 */
public final class NetworkFault implements Fault {
    private static final int MOST_LOST_PERCENT = 15;

    /** When all storage nodes have it. */
    private static final int MILDER = 3;

    private final NodeNetworks networks;
    private final Ability ability;
    private final Set<String> befallen = new HashSet<>();

    private NetworkFault(NodeNetworks networks, Ability ability) {
        this.networks = networks;
        this.ability = ability;
    }

    /**
     * What this machine can do to a network.
     *
     * @param delay how it lets packets wait; null when it cannot
     */
    record Ability(boolean canLose, @Nullable Delay delay) {}

    /** Whose packets. */
    private enum Direction {
        TO,
        FROM,
        BOTH
    }

    /**
     * The fault, as far as this machine can do it.
     *
     * @param missing is told what it cannot, and why
     */
    public static Optional<NetworkFault> find(NodeNetworks networks, Consumer<String> missing)
            throws InterruptedException {
        String any = networks.hosts().keySet().iterator().next();
        Ability ability = abilityAt(networks.nodeEnd(any), missing);
        return ability.canLose() || ability.delay() != null
                ? Optional.of(new NetworkFault(networks, ability))
                : Optional.empty();
    }

    static Ability abilityAt(LinkEnd end, Consumer<String> missing) throws InterruptedException {
        Optional<String> noLoss = whyNot(end, () -> end.loseArriving(0.5));
        noLoss.ifPresent(why -> missing.accept("No loss of packets: " + why));
        List<String> noDelay = new ArrayList<>();
        for (Delay each : Delay.values()) {
            Optional<String> why = whyNot(end, () -> end.delayLeaving(each, each.leastMs()));
            if (why.isEmpty()) {
                return new Ability(noLoss.isEmpty(), each);
            }
            noDelay.add(why.get());
        }
        missing.accept("No slow network: " + String.join("; ", noDelay));
        return new Ability(noLoss.isEmpty(), null);
    }

    /** What may fail. */
    @FunctionalInterface
    private interface Attempt {
        void run() throws IOException, InterruptedException;
    }

    private static Optional<String> whyNot(LinkEnd end, Attempt attempt)
            throws InterruptedException {
        try {
            attempt.run();
            end.heal();
            return Optional.empty();
        } catch (IOException e) {
            try {
                end.heal();
            } catch (IOException again) {
                e.addSuppressed(again);
            }
            return Optional.of(Objects.requireNonNullElse(e.getMessage(), e.toString()));
        }
    }

    @Override
    public Injected inject(LocalCluster cluster, RandomGenerator random)
            throws IOException, InterruptedException {
        boolean all = random.nextInt(4) == 0;
        List<String> nodes =
                befall(all ? cluster.plan().nodes(Role.STORAGE) : List.of(one(cluster, random)));
        Direction direction = Direction.values()[random.nextInt(Direction.values().length)];
        int which = random.nextInt(3);
        Delay delay = ability.delay();
        int lostPercent = 1 + random.nextInt(MOST_LOST_PERCENT);
        int delayMs = delay == null ? 0 : random.nextInt(delay.leastMs(), delay.mostMs() + 1);
        if (!ability.canLose() || (delay != null && which == 0)) {
            lostPercent = 0;
        } else if (which == 1) {
            delayMs = 0;
        }
        if (all) {
            lostPercent = Math.ceilDiv(lostPercent, MILDER);
            delayMs = Math.ceilDiv(delayMs, MILDER);
        }
        for (String node : nodes) {
            worsen(node, direction, lostPercent, delayMs);
        }
        return injected(nodes, describe(nodes, direction, lostPercent, delayMs));
    }

    private static NodePlan one(LocalCluster cluster, RandomGenerator random)
            throws InterruptedException {
        return random.nextInt(4) == 0
                ? Nodes.controller(cluster, random)
                : Nodes.storage(cluster, random);
    }

    /** Those of them that another such fault has not befallen already. */
    private List<String> befall(List<NodePlan> nodes) {
        synchronized (befallen) {
            return nodes.stream().map(NodePlan::name).filter(befallen::add).toList();
        }
    }

    private void worsen(String node, Direction direction, int lostPercent, int delayMs)
            throws IOException, InterruptedException {
        if (direction != Direction.FROM) {
            worsen(networks.bridgeEnd(node), networks.nodeEnd(node), lostPercent, delayMs);
        }
        if (direction != Direction.TO) {
            worsen(networks.nodeEnd(node), networks.bridgeEnd(node), lostPercent, delayMs);
        }
    }

    private void worsen(LinkEnd from, LinkEnd to, int lostPercent, int delayMs)
            throws IOException, InterruptedException {
        if (lostPercent > 0) {
            to.loseArriving(lostPercent / 100.0);
        }
        Delay delay = ability.delay();
        if (delay != null && delayMs > 0) {
            from.delayLeaving(delay, delayMs);
        }
    }

    private String describe(List<String> nodes, Direction direction, int lostPercent, int delayMs) {
        List<String> how = new ArrayList<>();
        if (lostPercent > 0) {
            how.add(lostPercent + " % lost");
        }
        Delay delay = ability.delay();
        if (delay != null && delayMs > 0) {
            how.add(
                    switch (delay) {
                        case NETEM -> delayMs + " ms late";
                        case HTB -> "one each " + delayMs + " ms";
                    });
        }
        String whose =
                switch (direction) {
                    case TO -> "packets to ";
                    case FROM -> "packets from ";
                    case BOTH -> "packets to and from ";
                };
        return nodes.isEmpty()
                ? "a network that was bad already"
                : whose + String.join(", ", nodes) + ": " + String.join(", ", how);
    }

    private Injected injected(List<String> nodes, String what) {
        return new Injected() {
            private volatile String came = "";

            @Override
            public String what() {
                return what + came;
            }

            @Override
            public void heal() throws IOException, InterruptedException {
                Tally tally = Tally.NONE;
                for (String node : nodes) {
                    tally = tally.and(networks.nodeEnd(node).heal());
                    tally = tally.and(networks.bridgeEnd(node).heal());
                }
                came = text(tally);
                synchronized (befallen) {
                    befallen.removeAll(nodes);
                }
            }
        };
    }

    private static String text(Tally tally) {
        List<String> said = new ArrayList<>();
        if (tally.judged() > 0) {
            said.add(String.format(Locale.ROOT, "lost %,d of %,d", tally.lost(), tally.judged()));
        }
        if (tally.delayed() > 0) {
            said.add(
                    String.format(
                            Locale.ROOT,
                            "slowed %,d, dropped %,d",
                            tally.delayed(),
                            tally.overflowed()));
        }
        return said.isEmpty() ? "" : " (" + String.join("; ", said) + ")";
    }
}
