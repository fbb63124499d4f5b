package io.headrace.testkit.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.testkit.fuzz.FuzzCampaign.FuzzReport;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

final class FuzzCampaignTest {
    private static byte[] frameWithBatch() {
        ByteBuffer frame = ByteBuffer.allocate(150);
        frame.putShort((short) 0).putShort((short) 9).putInt(77);
        int batch = 40;
        frame.putInt(batch + 8, 90).put(batch + 16, (byte) 2).putInt(batch + 57, 3);
        return frame.array();
    }

    @ParameterizedTest
    @EnumSource
    void everyMutationChangesTheFrameAndLeavesTheOriginal(Mutation mutation) {
        byte[] frame = frameWithBatch();
        Mutator mutator = new Mutator(new Seed(3).generator());
        int changed = 0;
        for (int count = 0; count < 1000; count++) {
            if (!Arrays.equals(mutator.mutate(mutation, frame), frame)) {
                changed++;
            }
        }
        assertThat(changed).isGreaterThan(800);
        assertThat(frame).isEqualTo(frameWithBatch());
    }

    @Seeded
    void anyFrameHoweverShortCanBeMutated(RandomGenerator random) {
        Mutator mutator = new Mutator(random);
        for (int length = 0; length < 70; length++) {
            for (Mutation mutation : Mutation.values()) {
                assertThat(mutator.mutate(mutation, new byte[length]).length)
                        .isBetween(0, 2 * length + 64);
            }
        }
    }

    @Test
    void theCrcOfABatchIsFoundAndBroken() {
        byte[] frame = frameWithBatch();
        assertThat(Mutator.findBatch(frame)).isEqualTo(40);
        byte[] broken = new Mutator(new Seed(1).generator()).mutate(Mutation.WRONG_CRC, frame);
        assertThat(Arrays.mismatch(frame, broken)).isBetween(57, 60);
        assertThat(Arrays.copyOfRange(broken, 61, 150))
                .isEqualTo(Arrays.copyOfRange(frame, 61, 150));
    }

    @Test
    void theSameSeedMakesTheSameInputs() {
        List<String> first = inputs(5);
        assertThat(inputs(5)).isEqualTo(first);
        assertThat(inputs(6)).isNotEqualTo(first);
    }

    private static List<String> inputs(long seed) {
        List<String> inputs = new ArrayList<>();
        new FuzzCampaign(seed)
                .frame("a", frameWithBatch())
                .frame("b", new byte[20])
                .run(200, (name, input) -> inputs.add(name + Arrays.toString(input)));
        return inputs;
    }

    @Test
    void countsEveryHandlerAndMutation() {
        FuzzReport report =
                new FuzzCampaign(1)
                        .frame("a", frameWithBatch())
                        .frame("b", new byte[20])
                        .run(10_000, (name, input) -> assertThat(name).isNotEmpty());
        assertThat(report.total()).isEqualTo(10_000);
        assertThat(report.inputs()).containsEntry("a", 5000L).containsEntry("b", 5000L);
        assertThat(report.mutations()).hasSize(Mutation.values().length);
        assertThat(report.toString()).contains("10000 inputs with -Dseed=1");
    }

    @Test
    void aBrokenTargetIsToldWithSeedAndInput() {
        FuzzCampaign campaign = new FuzzCampaign(9).frame("Fetch v4", new byte[] {0, 1, 0, 4});
        assertThatThrownBy(
                        () ->
                                campaign.run(
                                        1000, (name, input) -> ByteBuffer.wrap(input).getShort()))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("-Dseed=9, Fetch v4 with ")
                .hasRootCauseInstanceOf(java.nio.BufferUnderflowException.class);
    }
}
