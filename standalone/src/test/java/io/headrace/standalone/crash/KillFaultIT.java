package io.headrace.standalone.crash;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

/** The long form of {@link KillIT}, run by {@code mvn verify -Pfault}. */
@Tag("fault")
@Timeout(1800)
class KillFaultIT {
    @TempDir private Path folder;

    @Test
    void twentyKillsAtOneHundredAndFiftyMegabytesPerSecond() throws Exception {
        new KillUnderLoad(folder, 20, 150, 400_000_000).run();
    }
}
