package io.headrace.standalone.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.Program;
import io.headrace.testkit.process.ChildProcess;

import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** A short run of real faults, from a fixed seed; in the fault profile from a fresh one too. */
@Timeout(600)
@Order(2)
class ChaosIT {
    @TempDir private Path folder;

    /** The network only where it can be made bad: as root. */
    @Test
    void aFixedSeed() throws Exception {
        run(28, "kill,pause,network");
    }

    @Test
    @Tag("fault")
    void aFreshSeed() throws Exception {
        long seed = Long.getLong("seed", ThreadLocalRandom.current().nextLong(1L << 40));
        System.out.println("ChaosIT -Dseed=" + seed);
        run(seed, "kill,pause,powerloss,restart,controller,partition,network");
    }

    private void run(long seed, String faults) throws Exception {
        try (ChildProcess process =
                Program.java("-Xmx512m", "-XX:+UseSerialGC")
                        .arguments(
                                "chaos",
                                "--minutes",
                                "0.5",
                                "--seed",
                                "" + seed,
                                "--faults",
                                faults,
                                "--stall",
                                "90",
                                "--dir",
                                folder.resolve("cluster").toString(),
                                "--report",
                                folder.resolve("report").toString())
                        .start()) {
            int exit = process.awaitExit(Duration.ofSeconds(560));
            assertThat(exit).as(process.output()).isZero();
            assertThat(process.output()).contains("no violation");
            assertThat(folder.resolve("report.html")).content().contains("<svg");
        }
    }
}
