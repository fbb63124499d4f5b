package io.headrace.simulation;



import org.junit.jupiter.api.Test;

class SimulationTest {
    @Test
    void oneSeed() {
        long seed = Long.getLong("seed", 1);
        int count = Integer.getInteger("seeds", 1);
        long began = System.nanoTime();
        for (long i = seed; i < seed + count; i++) {
            try {
                Report report = Simulation.run(i);
                System.out.println(report);
            } catch (Throwable e) {
                System.out.println("seed " + i + " FAILED: " + e);
                if (count == 1) throw e;
                if (Boolean.getBoolean("stacks")) e.printStackTrace(System.out);
            }
        }
        System.out.println(count / ((System.nanoTime() - began) / 1e9) + " seeds/s");
    }
}
