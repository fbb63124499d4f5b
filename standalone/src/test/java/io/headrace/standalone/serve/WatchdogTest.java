package io.headrace.standalone.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.headrace.testkit.process.ChildProcess;
import io.headrace.testkit.wait.Eventually;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Who is ended and started again, and who must not be: real processes, paused and killed. */
@Timeout(300)
class WatchdogTest {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    /** Shorter than a setting may be. */
    private static final int SHORT_MS = 320;

    /** Long enough for a busy machine, where nobody may be ended. */
    private static final int LONG_MS = 800;

    @TempDir private Path folder;
    private final List<ProcessHandle> seen = new ArrayList<>();

    @BeforeAll
    static void needsLinux() {
        assumeTrue(Files.exists(Path.of("/proc/self/stat")), "the watchdog needs Linux");
    }

    @AfterEach
    void nobodyStays() {
        for (ProcessHandle one : seen) {
            one.descendants().forEach(ProcessHandle::destroyForcibly);
            one.destroyForcibly();
        }
    }

    private ChildProcess watched(int limitMs, String... environment) throws IOException {
        ChildProcess.Builder builder =
                ChildProcess.java(WatchedProgram.class, "-Xmx32m", "-XX:+UseSerialGC")
                        .arguments("" + limitMs, folder.toString(), "two words", "")
                        .environment("WATCHED", "by a dog")
                        .directory(folder)
                        .output(folder.resolve("out"));
        for (int i = 0; i < environment.length; i += 2) {
            builder.environment(environment[i], environment[i + 1]);
        }
        ChildProcess process = builder.start();
        note(process.pid());
        awaitLine(process, line -> line.startsWith("up pid=" + process.pid() + " "));
        return process;
    }

    private ProcessHandle note(long pid) {
        ProcessHandle handle = ProcessHandle.of(pid).orElseThrow();
        seen.add(handle);
        return handle;
    }

    /** The watchdog of a process, once it watches. */
    private ProcessHandle watchdog(long pid) {
        return Eventually.until(
                        LIMIT,
                        () -> noted("watchdog").flatMap(ProcessHandle::of),
                        found ->
                                found.flatMap(ProcessHandle::parent)
                                        .filter(parent -> parent.pid() == pid)
                                        .isPresent(),
                        "a watchdog of " + pid)
                .map(found -> note(found.pid()))
                .orElseThrow();
    }

    private Optional<Long> noted(String file) throws IOException {
        Path path = folder.resolve(file);
        return Files.exists(path)
                ? Optional.of(Long.parseLong(Files.readString(path).split(" ", 2)[0]))
                : Optional.empty();
    }

    private static void signal(String signal, long pid) throws Exception {
        Process kill = new ProcessBuilder("kill", "-" + signal, "" + pid).inheritIO().start();
        assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(kill.exitValue()).isZero();
    }

    /** From whichever process writes there now; a whole line. */
    private static String awaitLine(ChildProcess first, Predicate<String> wanted) {
        return Eventually.until(
                        LIMIT,
                        () -> wholeLines(first.output()).filter(wanted).findFirst(),
                        Optional::isPresent,
                        "a line of the process or the one in its place")
                .orElseThrow();
    }

    private static Stream<String> wholeLines(String output) {
        return output.substring(0, output.lastIndexOf('\n') + 1).lines();
    }

    private static void awaitEnd(ProcessHandle process, String what) {
        Eventually.until(LIMIT, () -> !process.isAlive(), what);
    }

    @Test
    void aPausedProcessIsReplacedByOneOfTheSameCommand() throws Exception {
        try (ChildProcess process = watched(SHORT_MS)) {
            ProcessHandle watchdog = watchdog(process.pid());
            String before = awaitLine(process, line -> line.startsWith("up "));
            signal("STOP", process.pid());
            assertThat(process.awaitExit(LIMIT)).isEqualTo(128 + 9);

            String after =
                    awaitLine(process, line -> line.startsWith("up pid=" + watchdog.pid() + " "));
            assertThat(after.replace("" + watchdog.pid(), "" + process.pid())).isEqualTo(before);
            assertThat(after).contains("two words, ]").contains("variable=by a dog");
            assertThat(process.output())
                    .contains("process " + process.pid() + " gave no sign of life for 320 ms");
            assertThat(folder.resolve("pid"))
                    .content()
                    .startsWith(watchdog.pid() + " ")
                    .endsWith("\ninstead of " + process.pid());

            // The new one is watched as the first one was.
            ProcessHandle next = watchdog(watchdog.pid());
            signal("STOP", watchdog.pid());
            awaitLine(process, line -> line.startsWith("up pid=" + next.pid() + " "));
            awaitEnd(watchdog, "the end of the second one");
        }
    }

    @Test
    void whoIsKilledByOthersStaysDead() throws Exception {
        try (ChildProcess process = watched(SHORT_MS)) {
            ProcessHandle watchdog = watchdog(process.pid());
            ProcessHandle.of(process.pid()).orElseThrow().destroyForcibly();
            process.awaitExit(LIMIT);
            awaitEnd(watchdog, "the end of a watchdog without a process");
            assertThat(process.output()).doesNotContain("headrace watchdog");
            assertThat(folder.resolve("pid")).doesNotExist();
        }
    }

    /** Whoever is paused with it: the count is of waits that took as long as they should. */
    @Test
    void aMachineThatStoodStillHasNoHungProcess() throws Exception {
        try (ChildProcess process = watched(LONG_MS)) {
            ProcessHandle watchdog = watchdog(process.pid());
            signal("STOP", process.pid());
            // It never waits for as long as it wants to without being held up.
            String heldUp =
                    "for i in {1..18}; do kill -STOP $0; sleep 0.25; kill -CONT $0; sleep 0.075;"
                            + " done";
            try (ChildProcess machine =
                    ChildProcess.command("bash", "-c", heldUp, "" + watchdog.pid()).start()) {
                assertThat(machine.awaitExit(LIMIT)).isZero();
            }
            signal("CONT", process.pid());
            assertThat(process.isAlive()).isTrue();
            assertThat(process.output()).doesNotContain("headrace watchdog");

            // It is watched still.
            signal("STOP", process.pid());
            process.awaitExit(LIMIT);
        }
    }

    @Test
    void onlyItsOwnParentIsEverEnded() throws Exception {
        try (ChildProcess stranger = ChildProcess.command("sleep", "600").start()) {
            Process watchdog =
                    new ProcessBuilder(
                                    "bash",
                                    "-s",
                                    "--",
                                    "headrace-watchdog",
                                    "" + stranger.pid(),
                                    "40",
                                    "8",
                                    folder.toString())
                            .inheritIO()
                            .redirectInput(ProcessBuilder.Redirect.PIPE)
                            .start();
            try (var pipe = watchdog.getOutputStream()) {
                pipe.write(Watchdog.script());
                pipe.flush();
                assertThat(watchdog.waitFor(60, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(stranger.isAlive()).isTrue();
            assertThat(folder.resolve("watchdog")).doesNotExist();
        }
    }

    @Test
    void whoHangsAgainAndAgainStaysEnded() throws Exception {
        String uptime = Files.readString(Path.of("/proc/uptime")).split(" ", 2)[0];
        String now = uptime.replace(".", "");
        String longAgo = "" + Math.max(0, Long.parseLong(now) - 61_00);
        String all = String.join(" ", longAgo, longAgo, now, now, now, now);
        try (ChildProcess process = watched(SHORT_MS, Watchdog.RESTARTS, all)) {
            ProcessHandle fifth = watchdog(process.pid());
            signal("STOP", process.pid());
            awaitLine(process, line -> line.startsWith("up pid=" + fifth.pid() + " "));

            ProcessHandle last = watchdog(fifth.pid());
            signal("STOP", fifth.pid());
            awaitEnd(fifth, "the end of one that hung again");
            awaitEnd(last, "the end of its watchdog");
            assertThat(process.output()).contains("more than 5 times within 60 s: it stays ended");
        }
    }

    @Test
    void withoutItsWatchdogAProcessGoesOn() throws Exception {
        try (ChildProcess process = watched(SHORT_MS)) {
            signal("KILL", watchdog(process.pid()).pid());
            awaitLine(process, line -> line.contains("nobody notices any more"));
            assertThat(process.isAlive()).isTrue();
        }
    }

    @Test
    void withoutATimeNobodyWatches() throws Exception {
        try (ChildProcess process = watched(0)) {
            assertThat(ProcessHandle.of(process.pid()).orElseThrow().children()).isEmpty();
        }
    }

    @Test
    void whoMayBeDebuggedIsLeftAlone() throws Exception {
        String agent = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0";
        try (ChildProcess process = watched(SHORT_MS, "JAVA_TOOL_OPTIONS", agent)) {
            awaitLine(process, line -> line.contains("a debugger may"));
            assertThat(process.isAlive()).isTrue();
        }
    }

    @Test
    void timesAreChecked() {
        assertThat(WatchdogSettings.parseTimeout("2s")).isEqualTo(Duration.ofSeconds(2));
        assertThat(WatchdogSettings.parseTimeout("0")).isEqualTo(Duration.ZERO);
        assertThat(WatchdogSettings.parseTimeout("1500")).isEqualTo(Duration.ofMillis(1500));
        for (String wrong : List.of("", "soon", "-2s", "999", "61m", "9999999999999999999s")) {
            assertThatThrownBy(() -> WatchdogSettings.parseTimeout(wrong))
                    .as(wrong)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(WatchdogSettings.TIMEOUT)
                    .extracting(failure -> Objects.requireNonNull(failure.getMessage()))
                    .asString()
                    .contains(wrong);
        }
    }
}
