package io.headrace.storage.file;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.disk.SimulatedDisk;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Goal: a directory that was created is there after a power loss, whoever made it first. */
class DirectoriesTest {
    private static final int SEEDS = 50;

    @Test
    void aNewDirectorySurvivesAPowerLoss() throws IOException {
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulatedDisk disk = SimulatedDisk.withSeed(seed);
            Directories.create(disk.path("/data/logs"));
            assertThat(Files.isDirectory(disk.crash().path("/data/logs"))).isTrue();
        }
    }

    /** Its maker died, or did not think of the flush. */
    @Test
    void soDoesOneThatAnotherMadeAndDidNotFlush() throws IOException {
        for (long seed = 1; seed <= SEEDS; seed++) {
            SimulatedDisk disk = SimulatedDisk.withSeed(seed);
            Path data = disk.path("/data");
            Files.createDirectory(data);
            Directories.create(data);
            Directories.replace(data.resolve("meta"), "content");
            assertThat(Files.exists(disk.crash().path("/data/meta"))).as("seed %d", seed).isTrue();
        }
    }
}
