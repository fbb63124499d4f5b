package io.headrace.testkit.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.testkit.clock.ManualLoop;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

final class SimulatedNetworkTest {
    private static final LinkFaults WILD =
            new LinkFaults(Duration.ofMillis(1), Duration.ofMillis(50), 0.2, 0.2, false);

    private final ManualLoop loop = new ManualLoop(0);

    private List<Integer> sendHundred(long seed, LinkFaults faults) {
        SimulatedNetwork<String, Integer> network =
                new SimulatedNetwork<>(loop, new Seed(seed).generator());
        List<Integer> received = new ArrayList<>();
        network.attach("b", (from, message) -> received.add(message));
        network.faults(faults);
        IntStream.range(0, 100).forEach(message -> network.send("a", "b", message));
        loop.advance(Duration.ofSeconds(1));
        assertThat(network.delivered()).isEqualTo(received.size());
        return received;
    }

    @Seeded
    void withoutFaultsEverythingArrivesInOrder(Seed seed) {
        List<Integer> all = IntStream.range(0, 100).boxed().toList();
        assertThat(sendHundred(seed.value(), LinkFaults.NONE)).isEqualTo(all);
    }

    @Test
    void losesRepeatsAndReorders() {
        List<Integer> received = sendHundred(1, WILD);
        Set<Integer> different = new HashSet<>(received);
        assertThat(different).as("lost").hasSizeLessThan(100);
        assertThat(received).as("repeated").hasSizeGreaterThan(different.size());
        assertThat(received).as("reordered").isNotEqualTo(received.stream().sorted().toList());
    }

    @Test
    void anOrderedLinkOnlyDelaysAndLoses() {
        LinkFaults ordered = new LinkFaults(Duration.ZERO, Duration.ofMillis(50), 0.2, 0, true);
        List<Integer> received = sendHundred(1, ordered);
        assertThat(received).hasSizeBetween(50, 99).isSorted();
    }

    @Seeded(runs = 5)
    void theSameSeedDeliversTheSame(Seed seed) {
        assertThat(sendHundred(seed.value(), WILD)).isEqualTo(sendHundred(seed.value(), WILD));
    }

    @Test
    void aPartitionSeversAlsoWhatIsOnItsWay() {
        SimulatedNetwork<String, String> network =
                new SimulatedNetwork<>(loop, new Seed(1).generator());
        List<String> received = new ArrayList<>();
        for (String node : List.of("a", "b", "c")) {
            network.attach(node, (from, message) -> received.add(from + node + message));
        }
        network.faults(new LinkFaults(Duration.ofMillis(10), Duration.ofMillis(10), 0, 0, true));
        network.send("a", "b", "1");
        network.part(Set.of("a"), Set.of("b", "c"));
        network.send("b", "a", "2");
        network.send("b", "c", "3");
        loop.advance(Duration.ofMillis(10));
        assertThat(received).containsExactly("bc3");
        assertThat(network.lost()).isEqualTo(2);
        network.heal();
        network.send("b", "a", "4");
        loop.advance(Duration.ofMillis(10));
        assertThat(received).containsExactly("bc3", "ba4");
        network.detach("a");
        network.send("b", "a", "5");
        loop.advance(Duration.ofMillis(10));
        assertThat(received).hasSize(2);
    }

    @Test
    void refusesImpossibleFaults() {
        assertThatThrownBy(
                        () ->
                                new LinkFaults(
                                        Duration.ofMillis(2), Duration.ofMillis(1), 0, 0, true))
                .hasMessageContaining("no delay from");
        assertThatThrownBy(() -> new LinkFaults(Duration.ZERO, Duration.ZERO, 1.5, 0, true))
                .hasMessageContaining("a chance");
    }
}
