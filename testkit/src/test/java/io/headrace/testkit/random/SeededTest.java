package io.headrace.testkit.random;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

final class SeededTest {
    @Seeded(runs = 3)
    void theGeneratorStartsFromTheSeed(Seed seed, RandomGenerator random) {
        assertThat(random.nextLong()).isEqualTo(seed.generator().nextLong());
    }

    @Test
    void eachRunHasItsOwnSeed() {
        assertThat(SeedExtension.seeds("", 100).distinct()).hasSize(100);
        assertThat(SeedExtension.seeds("  ", 2)).hasSize(2);
    }

    @Test
    void aGivenSeedIsReplayedOnce() {
        assertThat(SeedExtension.seeds("42", 100)).containsExactly(new Seed(42));
        assertThat(new Seed(42)).hasToString("-Dseed=42");
    }

    @Test
    void exhaustiveGoesThroughEveryCombinationOnce() {
        Set<String> seen = new HashSet<>();
        int rounds = 0;
        Exhaustive all = new Exhaustive();
        while (all.next()) {
            boolean flag = all.flag();
            int number = all.between(5, flag ? 7 : 5);
            seen.add(flag + " " + number + " " + all.of(List.of("x", "y")));
            rounds++;
        }
        assertThat(rounds).isEqualTo(8);
        assertThat(seen)
                .containsExactlyInAnyOrder(
                        "false 5 x",
                        "false 5 y",
                        "true 5 x",
                        "true 5 y",
                        "true 6 x",
                        "true 6 y",
                        "true 7 x",
                        "true 7 y");
    }

    @Test
    void exhaustiveRefusesChoicesThatChangeFromRoundToRound() {
        Exhaustive all = new Exhaustive();
        List<Integer> bounds = new ArrayList<>(List.of(1, 2));
        assertThat(all.next()).isTrue();
        all.upTo(bounds.removeFirst());
        assertThat(all.next()).isTrue();
        assertThatThrownBy(() -> all.upTo(bounds.getFirst()))
                .hasMessageContaining("follow from the earlier ones");
    }
}
