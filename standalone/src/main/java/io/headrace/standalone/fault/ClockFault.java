package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.ClusterDirectory;
import io.headrace.standalone.cluster.LaunchOptions;
import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.Role;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The wall clock of one node jumps, by libfaketime in that process; the machine's clock and the
 * time that passes stay as they are.
 *
 * <p>libfaketime 0.9.10 "fixes" timed waits on the monotonic clock for an old C library; with the
 * one of today that has every timed {@code park} and {@code wait} of a JVM return at once (seen: 0
 * instead of 200 ms), so the fix is turned off.
 */
public final class ClockFault implements Fault {
    private static final String FILE = "clock";
    private static final List<Integer> JUMPS_SECONDS = List.of(-86_400, -300, -5, 5, 300, 86_400);

    private final ClusterDirectory directory;
    private final Path library;

    private ClockFault(ClusterDirectory directory, Path library) {
        this.directory = directory;
        this.library = library;
    }

    /** The fault, where libfaketime is installed. */
    public static Optional<ClockFault> find(ClusterDirectory directory) throws IOException {
        for (Path root : List.of(Path.of("/usr/lib"), Path.of("/usr/local/lib"))) {
            if (Files.isDirectory(root)) {
                try (Stream<Path> files =
                        Files.find(root, 4, (file, seen) -> file.endsWith("libfaketimeMT.so.1"))) {
                    Optional<Path> found = files.findFirst();
                    if (found.isPresent()) {
                        return Optional.of(new ClockFault(directory, found.get()));
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** What puts a node's process under a clock of its own. */
    public LaunchOptions optionsOf(NodePlan node) {
        try {
            Files.createDirectories(directory.of(node));
            set(node, 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new LaunchOptions(
                List.of(),
                Map.of(
                        "LD_PRELOAD",
                        library.toString(),
                        "FAKETIME_TIMESTAMP_FILE",
                        directory.of(node).resolve(FILE).toString(),
                        "FAKETIME_CACHE_DURATION",
                        "1",
                        "FAKETIME_DONT_FAKE_MONOTONIC",
                        "1",
                        "FAKETIME_FORCE_MONOTONIC_FIX",
                        "0"),
                List.of());
    }

    private void set(NodePlan node, int seconds) throws IOException {
        Path fresh = directory.of(node).resolve(FILE + ".new");
        Files.writeString(fresh, (seconds < 0 ? "" : "+") + seconds + "\n");
        Files.move(
                fresh,
                directory.of(node).resolve(FILE),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    @Override
    public Injected inject(LocalCluster cluster, RandomGenerator random) throws IOException {
        List<NodePlan> nodes =
                cluster.plan().nodes().stream()
                        .filter(
                                node ->
                                        node.role() == Role.STORAGE
                                                || node.role() == Role.COORDINATOR)
                        .toList();
        NodePlan node = nodes.get(random.nextInt(nodes.size()));
        int jump = JUMPS_SECONDS.get(random.nextInt(JUMPS_SECONDS.size()));
        set(node, jump);
        return new Injected() {
            @Override
            public String what() {
                return "clock of " + node.name() + " " + (jump > 0 ? "+" : "") + jump + " s";
            }

            @Override
            public void heal() throws IOException {
                set(node, 0);
            }
        };
    }
}
