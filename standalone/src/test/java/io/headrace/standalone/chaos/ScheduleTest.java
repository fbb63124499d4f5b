package io.headrace.standalone.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.history.Violation;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** The deterministic parts of a chaos run: its schedule, its watch, its comparison of replicas. */
class ScheduleTest {
    private static final List<FaultKind> ALL = Arrays.asList(FaultKind.values());

    @TempDir private Path folder;

    @Test
    void followsFromTheSeed() {
        assertThat(Schedule.draw(42, 600_000, ALL)).isEqualTo(Schedule.draw(42, 600_000, ALL));
        assertThat(Schedule.draw(42, 600_000, ALL)).isNotEqualTo(Schedule.draw(43, 600_000, ALL));
    }

    @Test
    void everyKindComesAndOnlyFaultsOfTwoLanesOverlap() {
        List<Schedule.Event> all = Schedule.draw(1, 600_000, ALL).events();
        assertThat(all).anyMatch(event -> event.lane() == 1);
        assertThat(all)
                .filteredOn(event -> event.lane() == 1)
                .allMatch(event -> event.kind().mayOverlap());
        assertOneAfterTheOther(all.stream().filter(event -> event.lane() == 1).toList());
        List<Schedule.Event> events = all.stream().filter(event -> event.lane() == 0).toList();
        assertThat(events.stream().map(Schedule.Event::kind)).containsAll(ALL);
        assertOneAfterTheOther(events);
    }

    private static void assertOneAfterTheOther(List<Schedule.Event> events) {
        for (int i = 1; i < events.size(); i++) {
            Schedule.Event before = events.get(i - 1);
            assertThat(events.get(i).atMs()).isGreaterThan(before.atMs() + before.lastsMs());
        }
        Schedule.Event last = events.getLast();
        assertThat(last.atMs() + last.lastsMs()).isLessThanOrEqualTo(600_000);
    }

    @Test
    void aWorkloadThatStallsIsAViolationUnlessExcused() {
        long longAgo = System.nanoTime() - 10_000_000_000L;
        Activity silent = new Activity("silent", longAgo);
        StallWatch watch = new StallWatch(List.of(silent), longAgo, 5_000_000_000L);
        watch.excuse();
        watch.look();
        assertThat(watch.violations()).isEmpty();

        StallWatch strict = new StallWatch(List.of(silent), longAgo, 5_000_000_000L);
        strict.look();
        strict.look();
        assertThat(strict.violations()).singleElement().isInstanceOf(Violation.Stalled.class);
        silent.done(1);
        strict.look();
        assertThat(strict.violations()).hasSize(1);
    }

    @Test
    void findsReplicasThatDiverge() throws IOException {
        Map<String, Path> nodes = Map.of("a", folder.resolve("a"), "b", folder.resolve("b"));
        write(nodes.get("a"), 7, 7);
        write(nodes.get("b"), 7, 7);
        assertThat(new ReplicaComparison("chaos").compare(nodes)).isEmpty();

        write(nodes.get("b"), 7, 8);
        assertThat(new ReplicaComparison("chaos").compare(nodes))
                .containsExactly(new Violation.Diverging("chaos-0", "a", "b", 1));
    }

    /** A log of batches of one byte's repetition each, at offsets from 0. */
    private static void write(@org.jspecify.annotations.Nullable Path node, int... contents)
            throws IOException {
        if (node == null) {
            throw new IllegalArgumentException("no such node");
        }
        Path partition = Files.createDirectories(node.resolve("chaos-0"));
        ByteBuffer log = ByteBuffer.allocate(contents.length * 72);
        for (int offset = 0; offset < contents.length; offset++) {
            byte[] body = new byte[60];
            Arrays.fill(body, (byte) contents[offset]);
            log.putLong(offset).putInt(body.length).put(body);
        }
        Files.write(partition.resolve("00000000000000000000.log"), log.array());
    }
}
