package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.ClusterDirectory;
import io.headrace.standalone.cluster.LaunchOptions;
import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.NodeProcess.Signal;
import io.headrace.standalone.cluster.Role;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The power of one storage node, or of all at once, goes: they are killed, bytes that their devices
 * were not told to keep are dropped, all or from some byte on, and they wake up in another boot.
 * Directory entries stay, which a device may do as well.
 */
public final class PowerLossFault implements Fault {
    private static final String NOTES = "flushed";
    private static final String BOOT_ID = "boot-id";

    private final ClusterDirectory directory;

    public PowerLossFault(ClusterDirectory directory) {
        this.directory = directory;
    }

    /** What makes a storage node note what its device has. */
    public LaunchOptions optionsOf(NodePlan node) {
        Path own = directory.of(node);
        try {
            Files.createDirectories(own);
            if (!Files.exists(own.resolve(BOOT_ID))) {
                Files.writeString(own.resolve(BOOT_ID), UUID.randomUUID().toString());
            }
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return new LaunchOptions(
                List.of(),
                Map.of(),
                List.of(
                        "-Dheadrace.faults.flush-witness=" + own.resolve(NOTES),
                        "-Dheadrace.faults.boot-id=" + own.resolve(BOOT_ID)));
    }

    @Override
    public Injected inject(LocalCluster cluster, RandomGenerator random)
            throws IOException, InterruptedException {
        boolean all = random.nextInt(3) == 0;
        List<NodePlan> nodes =
                all ? cluster.plan().nodes(Role.STORAGE) : List.of(Nodes.storage(cluster, random));
        long dropped = 0;
        synchronized (cluster) { // nobody starts one before its bytes are dropped
            for (NodePlan node : nodes) {
                if (cluster.process(node).isPresent()) {
                    cluster.signal(node, Signal.KILL);
                }
            }
            for (NodePlan node : nodes) {
                dropped += drop(node, random);
            }
        }
        long bytes = dropped;
        String what =
                "power loss of "
                        + (all ? "all storage nodes" : nodes.getFirst().name())
                        + ", "
                        + bytes
                        + " bytes dropped";
        return new Injected() {
            @Override
            public String what() {
                return what;
            }

            @Override
            public boolean stopsAll() {
                return all;
            }

            @Override
            public void heal() throws InterruptedException {
                Nodes.startAll(cluster, nodes);
            }
        };
    }

    /** Drops what the device of a dead node was not told to keep. */
    private long drop(NodePlan node, RandomGenerator random) throws IOException {
        Path own = directory.of(node);
        Files.writeString(own.resolve(BOOT_ID), UUID.randomUUID().toString());
        Map<Long, Long> kept = readNotes(own.resolve(NOTES));
        boolean everything = random.nextBoolean();
        long dropped = 0;
        try (Stream<Path> files = Files.walk(directory.dataOf(node))) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                Long inode = (Long) Files.getAttribute(file, "unix:ino");
                long keep = kept.getOrDefault(inode, 0L);
                long size = Files.size(file);
                if (size > keep) {
                    long left = everything ? keep : random.nextLong(keep, size + 1);
                    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                        channel.truncate(left);
                    }
                    dropped += size - left;
                }
            }
        }
        return dropped;
    }

    /** The notes of {@code FlushWitness} in the storage service. */
    private static Map<Long, Long> readNotes(Path notes) throws IOException {
        Map<Long, Long> kept = new HashMap<>();
        if (Files.exists(notes)) {
            for (String line : Files.readAllLines(notes)) {
                String[] words = line.split(" ", -1);
                if (words.length == 3) {
                    long inode = Long.parseLong(words[1]);
                    long length = Long.parseLong(words[2]);
                    if (words[0].equals("=")) {
                        kept.put(inode, length);
                    } else {
                        kept.merge(inode, length, Math::max);
                    }
                }
            }
        }
        return kept;
    }
}
