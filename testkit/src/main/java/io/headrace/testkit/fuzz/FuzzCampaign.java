package io.headrace.testkit.fuzz;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Many hostile inputs from one seed, made of named valid frames in turn, against one target.
 *
 * <pre>{@code
 * FuzzReport report = new FuzzCampaign(seed)
 *         .frame("Produce v9", validProduce)
 *         .frame("Fetch v12", validFetch)
 *         .run(1_000_000, (name, bytes) -> decoder.decode(bytes));
 * System.out.println(report);
 * }</pre>
 */
public final class FuzzCampaign {
    private static final int MAX_SHOWN_BYTES = 512;

    private static final class Frame {
        final String name;
        final byte[] bytes;

        Frame(String name, byte[] bytes) {
            this.name = name;
            this.bytes = bytes;
        }
    }

    /** What is attacked; an exception or error that it throws ends the campaign. */
    @FunctionalInterface
    public interface Target {
        /**
         * Takes one input and checks that it was refused, or served, as it should.
         *
         * @param name the name of the valid frame from which the input was made
         */
        void accept(String name, byte[] input) throws Exception;
    }

    /**
     * What was tried.
     *
     * @param inputs how many inputs of each name
     * @param mutations how many inputs of each kind; some inputs had several mutations, the last
     *     counts
     */
    public record FuzzReport(long seed, Map<String, Long> inputs, Map<Mutation, Long> mutations) {
        /** How many inputs there were. */
        public long total() {
            return inputs.values().stream().mapToLong(Long::longValue).sum();
        }

        @Override
        public String toString() {
            return total() + " inputs with -Dseed=" + seed + "\n" + inputs + "\n" + mutations;
        }
    }

    private final long seed;
    private final List<Frame> frames = new ArrayList<>();

    public FuzzCampaign(long seed) {
        this.seed = seed;
    }

    /** Adds a valid frame: a request from its API key on, without the size prefix. */
    public FuzzCampaign frame(String name, byte[] valid) {
        frames.add(new Frame(name, valid.clone()));
        return this;
    }

    /**
     * Feeds the target with {@code count} inputs; every name and every mutation gets its share.
     *
     * @throws AssertionError when the target throws, with the seed and the input
     */
    public FuzzReport run(long count, Target target) {
        if (frames.isEmpty()) {
            throw new IllegalStateException("a campaign needs a valid frame to start from");
        }
        SplittableRandom random = new SplittableRandom(seed);
        Map<String, Long> inputs = new TreeMap<>();
        Map<Mutation, Long> mutations = new EnumMap<>(Mutation.class);
        Mutation[] kinds = Mutation.values();
        for (long index = 0; index < count; index++) {
            Frame frame = frames.get((int) (index % frames.size()));
            Mutation kind = kinds[random.nextInt(kinds.length)];
            byte[] input = input(frame, kind, kinds, random.split());
            inputs.merge(frame.name, 1L, Long::sum);
            mutations.merge(kind, 1L, Long::sum);
            try {
                target.accept(frame.name, input);
            } catch (Exception | Error broken) {
                throw new AssertionError(failure(index, frame.name, kind, input), broken);
            }
        }
        return new FuzzReport(seed, inputs, mutations);
    }

    private static byte[] input(
            Frame frame, Mutation kind, Mutation[] kinds, SplittableRandom random) {
        Mutator mutator = new Mutator(random);
        byte[] input = frame.bytes;
        while (random.nextInt(4) == 0) {
            input = mutator.mutate(kinds[random.nextInt(kinds.length)], input);
        }
        return mutator.mutate(kind, input);
    }

    private String failure(long index, String name, Mutation kind, byte[] input) {
        int shown = Math.min(input.length, MAX_SHOWN_BYTES);
        return "input %d of -Dseed=%d, %s with %s, %d bytes: %s"
                .formatted(
                        index,
                        seed,
                        name,
                        kind,
                        input.length,
                        HexFormat.of().formatHex(input, 0, shown));
    }
}
