package io.headrace.standalone.up;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headrace.testkit.process.ChildProcess;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** The script {@code headrace}: finds a JDK, and is the same from anywhere. */
class LauncherIT {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Path SCRIPT = Path.of("..", "headrace").toAbsolutePath().normalize();

    private static final String[] TOOLS = {
        "bash",
        "sh",
        "readlink",
        "dirname",
        "sed",
        "find",
        "env",
        "ln",
        "rm",
        "mkdir",
        "tail",
        "touch"
    };

    @TempDir Path folder;

    /** A home with a script and a JDK that tells how it is called instead of running. */
    private Path home(String version) throws IOException {
        Path home = Files.createDirectories(folder.resolve("home"));
        Files.copy(SCRIPT, home.resolve("headrace"));
        executable(home.resolve("headrace"));
        Files.createDirectories(home.resolve("standalone/target"));
        Files.writeString(home.resolve("standalone/target/headrace.jar"), "");
        Path bin = Files.createDirectories(folder.resolve("jdk/bin"));
        Files.writeString(bin.resolve("java"), "#!/bin/sh\necho \"$(pwd): $*\"\n");
        executable(bin.resolve("java"));
        Files.writeString(folder.resolve("jdk/release"), "JAVA_VERSION=\"" + version + ".0.1\"\n");
        return home;
    }

    private static void executable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private ChildProcess run(Path script, Path directory) throws IOException {
        return command(script, directory).environment("HEADRACE_NO_BUILD", "yes").start();
    }

    private ChildProcess.Builder command(Path script, Path directory) throws IOException {
        return ChildProcess.command("bash", script.toString(), "topic", "list")
                .environment("HEADRACE_JDKS", folder.resolve("none").toString())
                .environment("JAVA_HOME", folder.resolve("jdk").toString())
                .environment("PATH", "/usr/sbin:/sbin:" + toolsWithoutJava())
                .environment("HOME", folder.toString())
                .directory(directory);
    }

    /** The everyday tools, and no Java. */
    private String toolsWithoutJava() throws IOException {
        Path tools = folder.resolve("tools");
        if (!Files.exists(tools)) {
            Files.createDirectories(tools);
            for (String name : TOOLS) {
                for (String place : new String[] {"/usr/bin", "/bin"}) {
                    Path tool = Path.of(place, name);
                    if (Files.exists(tool) && !Files.exists(tools.resolve(name))) {
                        Files.createSymbolicLink(tools.resolve(name), tool);
                    }
                }
            }
        }
        return tools.toString();
    }

    @Test
    void worksThroughALinkFromAnyDirectory() throws IOException {
        Path home = home("25");
        Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), home.resolve("headrace"));
        try (ChildProcess child = run(link, elsewhere)) {
            assertEquals(0, child.awaitExit(LIMIT), child.output());
            assertTrue(child.output().startsWith(elsewhere.toRealPath() + ": "), child.output());
            assertTrue(
                    child.output()
                            .strip()
                            .endsWith(
                                    "-jar "
                                            + home.toRealPath()
                                            + "/standalone/target/headrace.jar topic list"),
                    child.output());
        }
    }

    @Test
    void saysWhatToDoWhenThereIsNoJdk() throws IOException {
        Path home = home("17");
        try (ChildProcess child = run(home.resolve("headrace"), folder)) {
            assertEquals(1, child.awaitExit(LIMIT), child.output());
            assertEquals(1, child.output().lines().count(), child.output());
            assertTrue(child.output().contains("no JDK 25"), child.output());
            assertTrue(child.output().contains("JAVA_HOME"), child.output());
        }
    }

    /** A program among the tools: each call adds a line to a file of its name, then does more. */
    private void tool(String name, String more) throws IOException {
        Path tool = Path.of(toolsWithoutJava()).resolve(name);
        String script = "#!/bin/sh\necho called >> '" + folder.resolve(name) + "'\n" + more + "\n";
        Files.writeString(tool, script);
        executable(tool);
    }

    private void awaitCall(String name) throws IOException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (!Files.exists(folder.resolve(name))) {
            assertTrue(System.nanoTime() < deadline, name + " was not called");
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
    }

    @Test
    void whoComesWhileAnotherBuildsWaitsForIt() throws IOException {
        Path home = home("25");
        Path jar = home.resolve("standalone/target/headrace.jar");
        Files.delete(jar);
        Path finish = folder.resolve("finish");
        tool("mvn", "until [ -e '" + finish + "' ]; do :; done\ntouch '" + jar + "'");
        tool("sleep", "exec /bin/sleep 0.05");
        try (ChildProcess first = command(home.resolve("headrace"), folder).start()) {
            awaitCall("mvn");
            try (ChildProcess second = command(home.resolve("headrace"), folder).start()) {
                awaitCall("sleep");
                Files.createFile(finish);
                assertEquals(0, first.awaitExit(LIMIT), first.output());
                assertEquals(0, second.awaitExit(LIMIT), second.output());
                assertTrue(second.output().contains("topic list"), second.output());
            }
        }
        assertEquals(1, Files.readAllLines(folder.resolve("mvn")).size(), "one build");
    }

    @Test
    void aBuildThatDiedIsNotWaitedFor() throws IOException {
        Path home = home("25");
        Path jar = home.resolve("standalone/target/headrace.jar");
        Files.delete(jar);
        tool("mvn", "touch '" + jar + "'");
        ChildProcess gone = ChildProcess.command("true").start();
        gone.awaitExit(LIMIT);
        Files.createSymbolicLink(
                home.resolve("standalone/target/building"), Path.of("" + gone.pid()));
        try (ChildProcess child = command(home.resolve("headrace"), folder).start()) {
            assertEquals(0, child.awaitExit(LIMIT), child.output());
        }
        assertTrue(Files.exists(jar));
        gone.close();
    }
}
