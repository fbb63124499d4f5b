package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.ClusterDirectory;
import io.headrace.standalone.cluster.LocalCluster;
import io.headrace.standalone.cluster.NodePlan;
import io.headrace.standalone.cluster.NodeProcess.Signal;
import io.headrace.standalone.cluster.Role;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * The disk of one storage node, always the same one: it is full for a while; or, while the node is
 * down, a record file loses its end or has one bit flipped; or a bit of a closed segment is flipped
 * while the node runs.
 */
public final class DiskFault implements Fault, AutoCloseable {
    private static final int DISK_MEGABYTES = 1024;
    private static final int CHUNK = 1 << 20;

    private final ClusterDirectory directory;
    private final NodePlan victim;
    private final boolean mounted;

    private DiskFault(ClusterDirectory directory, NodePlan victim, boolean mounted) {
        this.directory = directory;
        this.victim = victim;
        this.mounted = mounted;
    }

    /**
     * Prepares the disk of the last storage node, a small one of its own where that is possible.
     */
    public static DiskFault prepare(LocalCluster cluster) throws IOException, InterruptedException {
        NodePlan victim = cluster.plan().nodes(Role.STORAGE).getLast();
        Path data = cluster.directory().dataOf(victim);
        Files.createDirectories(data);
        boolean mounted =
                Commands.works(
                        "mount",
                        "-t",
                        "tmpfs",
                        "-o",
                        "size=" + DISK_MEGABYTES + "m",
                        "headrace-disk",
                        data.toString());
        return new DiskFault(cluster.directory(), victim, mounted);
    }

    @Override
    public Injected inject(LocalCluster cluster, RandomGenerator random)
            throws IOException, InterruptedException {
        return switch (random.nextInt(mounted ? 3 : 2)) {
            case 0 -> damage(cluster, random);
            case 1 -> rot(cluster, random);
            default -> fill(cluster);
        };
    }

    private Injected fill(LocalCluster cluster) throws IOException {
        Path ballast = directory.dataOf(victim).resolve("ballast");
        try (FileChannel channel =
                FileChannel.open(
                        ballast, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            long free = Files.getFileStore(directory.dataOf(victim)).getUsableSpace();
            while (free > 0) {
                ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(CHUNK, free));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                free -= bytes.capacity();
            }
        } catch (IOException full) {
            if (!Files.exists(ballast)) {
                throw full;
            }
        }
        return new Injected() {
            @Override
            public String what() {
                return "disk of " + victim.name() + " full";
            }

            @Override
            public void heal() throws IOException, InterruptedException {
                Files.deleteIfExists(ballast);
                Nodes.startAll(cluster, List.of(victim)); // it may have had to end
            }
        };
    }

    /** A bit of a closed segment, below a running node. */
    private Injected rot(LocalCluster cluster, RandomGenerator random)
            throws IOException, InterruptedException {
        List<Path> closed = new ArrayList<>();
        Path before = null;
        for (Path file : recordFiles()) {
            if (before != null && Objects.equals(file.getParent(), before.getParent())) {
                closed.add(before); // another segment of the same log follows
            }
            before = file;
        }
        if (closed.isEmpty()) {
            return damage(cluster, random);
        }
        String what = flip(closed.get(random.nextInt(closed.size())), random);
        return new Injected() {
            @Override
            public String what() {
                return victim.name() + " running, " + what;
            }

            @Override
            public void heal() {
                // The node itself is to find it and mend it.
            }
        };
    }

    private Injected damage(LocalCluster cluster, RandomGenerator random)
            throws IOException, InterruptedException {
        String what;
        synchronized (cluster) {
            if (cluster.process(victim).isPresent()) {
                cluster.signal(victim, Signal.KILL);
            }
            what = victim.name() + " killed, " + damageOneFile(random);
        }
        return new Injected() {
            @Override
            public String what() {
                return what;
            }

            @Override
            public void heal() throws InterruptedException {
                Nodes.startAll(cluster, List.of(victim));
            }
        };
    }

    private String damageOneFile(RandomGenerator random) throws IOException {
        List<Path> logs = recordFiles();
        if (logs.isEmpty()) {
            return "no file to damage";
        }
        Path file = logs.get(random.nextInt(logs.size()));
        if (random.nextInt(3) > 0) {
            return flip(file, random);
        }
        long size = Files.size(file);
        long left = random.nextLong(size);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(left);
        }
        return nameOf(file) + " cut from " + size + " to " + left + " bytes";
    }

    private Path nameOf(Path file) {
        return directory.dataOf(victim).relativize(file);
    }

    private List<Path> recordFiles() throws IOException {
        try (Stream<Path> files = Files.walk(directory.dataOf(victim))) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .filter(file -> file.toFile().length() > 0)
                    .sorted()
                    .toList();
        }
    }

    private String flip(Path file, RandomGenerator random) throws IOException {
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long size = channel.size();
            long position = random.nextLong(size);
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, position);
            one.put(0, (byte) (one.get(0) ^ 1 << random.nextInt(8))).rewind();
            channel.write(one, position);
            return "one bit flipped in " + nameOf(file) + " at " + position;
        }
    }

    /** Unmounts the small disk; the node is down. */
    @Override
    public void close() {
        if (mounted) {
            try {
                Commands.works("umount", directory.dataOf(victim).toString());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
