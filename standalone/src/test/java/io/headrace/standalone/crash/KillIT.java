package io.headrace.standalone.crash;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;

/** Nothing acknowledged is lost, doubled or reordered when the whole process is killed. */
@Timeout(240)
class KillIT {
    @TempDir private Path folder;

    @Test
    void threeKillsAtFiftyMegabytesPerSecond() throws Exception {
        new KillUnderLoad(folder, 3, 50, 120_000_000).run();
    }
}
