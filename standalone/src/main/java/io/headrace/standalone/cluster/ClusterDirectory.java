package io.headrace.standalone.cluster;

import io.headrace.standalone.serve.WatchdogSettings;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Optional;

/**
 * The directory of a cluster.
 *
 * <pre>
 *   DIR/cluster.json          the plan
 *   DIR/.lock                 held by a command while it changes something
 *   DIR/NODE/data             what the node keeps
 *   DIR/NODE/pid              the process that was started last
 *   DIR/NODE/watchdog         the process that watches it, and takes its place if it hangs
 *   DIR/NODE/settings.properties, out.log, headrace.log
 * </pre>
 */
public final class ClusterDirectory {
    private static final String INSTEAD_OF = "instead of ";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final Path path;

    public ClusterDirectory(Path directory) {
        this.path = directory.toAbsolutePath().normalize();
    }

    public Path path() {
        return path;
    }

    /** The directory of a node. */
    public Path of(NodePlan node) {
        return path.resolve(node.name());
    }

    /** What a node keeps. */
    public Path dataOf(NodePlan node) {
        return of(node).resolve("data");
    }

    /** The plan; empty when there is no cluster here. */
    public Optional<ClusterPlan> plan() {
        Path file = path.resolve("cluster.json");
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            ClusterPlan plan = JSON.readValue(Files.readString(file), ClusterPlan.class);
            if (plan.version() != ClusterPlan.VERSION) {
                throw new ClusterFailureException(
                        file + " is of another version of headrace: choose another --dir");
            }
            return Optional.of(plan);
        } catch (IOException | JacksonException e) {
            throw new ClusterFailureException(
                    "Cannot read " + file + ": it is not what headrace wrote there", e);
        }
    }

    /** The plan of a cluster that must be there. */
    public ClusterPlan existingPlan() {
        return plan().orElseThrow(
                        () ->
                                new ClusterFailureException(
                                        "There is no cluster in "
                                                + path
                                                + ": start one with 'headrace cluster up', or name"
                                                + " its directory with --dir"));
    }

    void write(ClusterPlan plan) {
        try {
            writePrivate(
                    path.resolve("cluster.json"),
                    JSON.writerWithDefaultPrettyPrinter().writeValueAsString(plan) + "\n");
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    /** Writes a file that only this user reads, at once and as a whole. */
    static void writePrivate(Path file, String text) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        Files.createFile(
                fresh,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(fresh, text);
        Files.move(
                fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /**
     * The process that runs as a node: the one that was started last or, when that has ended, its
     * watchdog, which is about to take its place or to end.
     */
    Optional<NodeProcess> process(NodePlan node) {
        // In this order: a watchdog notes itself as the node's process before it gets one itself.
        Optional<NodeProcess> watchdog = watchdog(node);
        return started(node).or(() -> watchdog);
    }

    private Optional<NodeProcess> started(NodePlan node) {
        return alive(text(node, WatchdogSettings.PROCESS_FILE));
    }

    /** The process that watches a node's. */
    Optional<NodeProcess> watchdog(NodePlan node) {
        return alive(text(node, WatchdogSettings.WATCHDOG_FILE));
    }

    /**
     * Whether a node's process has ended and its watchdog has not yet done the one or the other.
     */
    boolean isBetween(NodePlan node) {
        Optional<NodeProcess> watchdog = watchdog(node);
        return watchdog.isPresent() && started(node).isEmpty();
    }

    /** What a watchdog wrote when it put itself in the place of a process: who that was. */
    Optional<String> replaced(NodePlan node) {
        return text(node, WatchdogSettings.PROCESS_FILE)
                .lines()
                .skip(1)
                .filter(line -> line.startsWith(INSTEAD_OF))
                .map(line -> line.substring(INSTEAD_OF.length()))
                .findFirst();
    }

    private static Optional<NodeProcess> alive(String text) {
        return NodeProcess.parse(text).filter(NodeProcess::isAlive);
    }

    private String text(NodePlan node, String file) {
        try {
            return Files.readString(of(node).resolve(file));
        } catch (IOException none) {
            return "";
        }
    }

    void writeProcess(NodePlan node, NodeProcess process) throws IOException {
        writePrivate(of(node).resolve(WatchdogSettings.PROCESS_FILE), process.toString());
    }

    /** What is done while no other command changes this cluster. */
    @FunctionalInterface
    interface Change {
        void run() throws InterruptedException;
    }

    /** Changes the cluster, keeping other commands from it. */
    void change(Change change) throws InterruptedException {
        try {
            Files.createDirectories(path);
        } catch (IOException e) {
            throw unusable(e);
        }
        try (FileChannel channel =
                FileChannel.open(
                        path.resolve(".lock"),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE)) {
            if (tryLock(channel) == null) {
                throw new ClusterFailureException(
                        "Another command is at work on the cluster in " + path + ": wait for it");
            }
            change.run();
        } catch (IOException e) {
            throw unusable(e);
        }
    }

    private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    ClusterFailureException unusable(IOException cause) {
        return new ClusterFailureException(
                "Cannot use the directory "
                        + path
                        + " ("
                        + cause.getClass().getSimpleName().replace("Exception", "")
                        + ": "
                        + cause.getMessage()
                        + "): choose another with --dir",
                cause);
    }

    /** Removes everything; the cluster is down. */
    void delete() {
        try (var files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw unusable(e);
        }
    }
}
