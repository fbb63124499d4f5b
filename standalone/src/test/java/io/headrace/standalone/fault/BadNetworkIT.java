package io.headrace.standalone.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.headrace.standalone.fault.LinkEnd.Delay;
import io.headrace.standalone.fault.NetworkFault.Ability;
import io.headrace.testkit.wait.Eventually;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A bad network as pings from outside see it; skipped where none can be made. */
@Timeout(120)
class BadNetworkIT {
    private static final String NODE = "node";

    @Test
    void losesAShareOfThePacketsToANodeOrFromIt() throws Exception {
        try (NodeNetworks networks = networks()) {
            assumeThat(ability(networks).canLose()).as("the kernel can lose packets").isTrue();
            for (LinkEnd arriving : List.of(networks.nodeEnd(NODE), networks.bridgeEnd(NODE))) {
                arriving.loseArriving(0.5);
                assertThat(100 - answersNanos(networks, 100, 25).size()).isBetween(25, 90);
                assertThat(arriving.heal().lost()).isBetween(25L, 75L);
                assertThat(answersNanos(networks, 100, 1_000)).hasSize(100);
            }
        }
    }

    @Test
    void letsPacketsToANodeOrFromItWait() throws Exception {
        try (NodeNetworks networks = networks()) {
            Delay delay = ability(networks).delay();
            assumeThat(delay).as("the kernel can let packets wait").isNotNull();
            int ms = Objects.requireNonNull(delay).mostMs();
            for (LinkEnd leaving : List.of(networks.nodeEnd(NODE), networks.bridgeEnd(NODE))) {
                leaving.delayLeaving(delay, ms);
                assertThat(medianMs(networks)).isGreaterThan(0.7 * ms);
                assertThat(leaving.heal().delayed()).isGreaterThanOrEqualTo(40);
                assertThat(medianMs(networks)).isLessThan(0.7 * ms);
            }
        }
    }

    @Test
    void leavesNothingBehindWhenItWasNotHealed() throws Exception {
        String bridge;
        try (NodeNetworks networks = networks()) {
            bridge = bridgeOf(networks);
            assertThat(NetworkInterface.getByName(bridge)).isNotNull();
            assertThat(NetworkInterface.getByName(bridge + "n10")).isNotNull();
            if (ability(networks).canLose()) {
                networks.nodeEnd(NODE).loseArriving(0.1);
                networks.bridgeEnd(NODE).loseArriving(0.1);
            }
        }
        assertThat(Commands.read("ip", "netns", "list")).doesNotContain(bridge + "-" + NODE);
        assertThat(NetworkInterface.getByName(bridge)).isNull();
        String link = bridge + "n10";
        Eventually.until( // the kernel takes its time
                Duration.ofSeconds(20),
                () -> NetworkInterface.getByName(link) == null,
                link + " is gone");
    }

    private static NodeNetworks networks() throws IOException, InterruptedException {
        assumeThat(NodeNetworks.areAvailable())
                .as("this user can make network namespaces (root, ip of iproute2)")
                .isTrue();
        return NodeNetworks.create(List.of(NODE));
    }

    private static Ability ability(NodeNetworks networks) throws InterruptedException {
        return NetworkFault.abilityAt(networks.nodeEnd(NODE), System.out::println);
    }

    private static String hostOf(NodeNetworks networks) {
        return Objects.requireNonNull(networks.hosts().get(NODE));
    }

    /** A node's address is 10.213.NUMBER.10. */
    private static String bridgeOf(NodeNetworks networks) {
        return "hr" + hostOf(networks).split("\\.", -1)[2];
    }

    /** How long each answer took that came; an echo request of ICMP each. */
    private static List<Long> answersNanos(NodeNetworks networks, int pings, int patienceMs)
            throws IOException {
        InetAddress node = InetAddress.getByName(hostOf(networks));
        List<Long> answers = new ArrayList<>();
        for (int i = 0; i < pings; i++) {
            long fromNanos = System.nanoTime();
            if (node.isReachable(patienceMs)) {
                answers.add(System.nanoTime() - fromNanos);
            }
        }
        return answers;
    }

    private static double medianMs(NodeNetworks networks) throws IOException {
        List<Long> answers = answersNanos(networks, 40, 1_000);
        assertThat(answers).hasSize(40);
        return answers.stream().sorted().toList().get(20) / 1e6;
    }
}
