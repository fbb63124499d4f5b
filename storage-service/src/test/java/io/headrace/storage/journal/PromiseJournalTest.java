package io.headrace.storage.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.storage.file.Directories;
import io.headrace.testkit.disk.DiskOperation;
import io.headrace.testkit.disk.SimulatedDisk;

import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

final class PromiseJournalTest {
    private static final PromiseJournal.Key KEY = new PromiseJournal.Key(new Uuid(1, 2), 3);

    private SimulatedDisk disk = SimulatedDisk.withSeed(1);
    private PromiseJournal promises = open();

    private PromiseJournal open() {
        try {
            Path directory = disk.path("/data");
            Directories.create(directory);
            return PromiseJournal.open(directory);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private long promisedAfterPowerLoss() {
        disk = disk.crash();
        promises = open();
        return promises.promised(KEY);
    }

    @Test
    void loweringNeverRaises() throws IOException {
        promises.lower(KEY, 5);
        assertThat(promisedAfterPowerLoss()).isEqualTo(-1);
        promises.promise(Map.of(KEY, 10L));
        promises.lower(KEY, 20);
        assertThat(promisedAfterPowerLoss()).isEqualTo(10);
        promises.lower(KEY, 5);
        assertThat(promisedAfterPowerLoss()).isEqualTo(5);
        promises.lower(KEY, -1);
        assertThat(promisedAfterPowerLoss()).isEqualTo(-1);
    }

    @Test
    void loweringThatFailedIsDoneAgain() throws IOException {
        promises.promise(Map.of(KEY, 10L));
        disk.fail(DiskOperation.FORCE, path -> path.endsWith("promised-offsets"), 1);
        assertThatThrownBy(() -> promises.lower(KEY, 5)).isInstanceOf(IOException.class);
        promises.lower(KEY, 5);
        assertThat(promisedAfterPowerLoss()).isEqualTo(5);
    }
}
