package io.headrace.testkit.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.testkit.random.Seeded;

import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Goal: without faults nobody can tell a simulated disk from the real one. Method: the same random
 * operations on both, and every answer compared: values, bytes, exceptions.
 */
final class DiskAsTheRealOneTest {
    private static final List<String> NAMES =
            List.of("a", "b", "c", "d", "d/a", "d/b", "d/e", "d/e/a", "a/x", "nowhere/x");

    @TempDir private Path realRoot;

    /** One file system under test, and the channels open on it. */
    private record Machine(Path root, Map<Integer, FileChannel> channels) {
        FileChannel channel(int index) throws IOException {
            FileChannel channel = channels.get(index);
            if (channel == null) {
                throw new IOException("no channel");
            }
            return channel;
        }
    }

    @FunctionalInterface
    private interface Step {
        Object on(Machine machine) throws IOException;
    }

    @Seeded(runs = 10)
    void answersEveryRandomOperationAsTheRealDisk(RandomGenerator random) throws IOException {
        SimulatedDisk disk = SimulatedDisk.withSeed(1);
        Path simulatedRoot = Files.createDirectories(disk.path("/deep/root"));
        Path realFolder = Files.createDirectory(realRoot.resolve("run" + random.nextLong()));
        Machine real = new Machine(realFolder, new TreeMap<>());
        Machine simulated = new Machine(simulatedRoot, new TreeMap<>());
        List<String> done = new ArrayList<>();
        try {
            for (int count = 0; count < 400; count++) {
                StringBuilder name = new StringBuilder();
                Step step = randomStep(random, name);
                String expected = answer(step, real);
                done.add(name + " -> " + expected);
                List<String> latest = done.subList(Math.max(0, done.size() - 12), done.size());
                assertThat(answer(step, simulated))
                        .as(() -> String.join("\n", latest))
                        .isEqualTo(expected);
            }
            assertThat(tree(simulatedRoot)).isEqualTo(tree(realFolder));
        } finally {
            for (FileChannel channel : real.channels.values()) {
                channel.close();
            }
        }
    }

    /** What came of the step; by which name a missing place is called is left open. */
    private static String answer(Step step, Machine machine) {
        try {
            return String.valueOf(step.on(machine));
        } catch (NoSuchFileException | NotDirectoryException refused) {
            return "there is no such place";
        } catch (FileSystemException refused) {
            if ("Not a directory".equals(refused.getReason())) {
                return "there is no such place";
            }
            return refused.getClass().getSimpleName() + "(" + refused.getReason() + ")";
        } catch (IOException | RuntimeException refused) {
            return refused.getClass().getSimpleName() + "(" + refused.getMessage() + ")";
        }
    }

    private static Step randomStep(RandomGenerator random, StringBuilder name) {
        if (random.nextInt(3) == 0) {
            return randomEntryStep(random, name);
        }
        if (random.nextInt(6) == 0) {
            return randomOpenStep(random, name);
        }
        return randomChannelStep(random, name);
    }

    private static Step randomEntryStep(RandomGenerator random, StringBuilder name) {
        String path = NAMES.get(random.nextInt(NAMES.size()));
        String other = NAMES.get(random.nextInt(NAMES.size()));
        int kind = random.nextInt(13);
        boolean replace = random.nextBoolean();
        name.append("entry ").append(kind).append(' ').append(path).append(' ').append(other);
        return machine -> {
            Path here = machine.root.resolve(path);
            Path there = machine.root.resolve(other);
            return switch (kind) {
                case 0, 1 -> relative(Files.createDirectory(here), machine);
                case 2 -> Files.deleteIfExists(here);
                case 3 -> {
                    Files.delete(here);
                    yield "deleted";
                }
                case 4 ->
                        relative(Files.move(here, there, StandardCopyOption.ATOMIC_MOVE), machine);
                case 5 ->
                        relative(
                                replace
                                        ? Files.move(
                                                here, there, StandardCopyOption.REPLACE_EXISTING)
                                        : Files.move(here, there),
                                machine);
                case 6 -> list(here);
                case 7 -> Files.exists(here) + " " + Files.isDirectory(here);
                case 8 -> Files.isRegularFile(here) ? Files.size(here) : Files.exists(here);
                case 9 -> relative(Files.createDirectories(here), machine);
                case 10 -> Arrays.hashCode(Files.readAllBytes(here));
                case 11 -> relative(Files.writeString(here, other.repeat(9)), machine);
                default ->
                        relative(
                                replace
                                        ? Files.copy(
                                                here, there, StandardCopyOption.REPLACE_EXISTING)
                                        : Files.copy(here, there),
                                machine);
            };
        };
    }

    private static String relative(Path path, Machine machine) {
        return machine.root.relativize(path).toString();
    }

    private static List<String> list(Path directory) throws IOException {
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            List<String> names = new ArrayList<>();
            stream.forEach(path -> names.add(String.valueOf(path.getFileName())));
            names.sort(null);
            return names;
        }
    }

    private static Step randomOpenStep(RandomGenerator random, StringBuilder name) {
        String path = NAMES.get(random.nextInt(NAMES.size()));
        int index = random.nextInt(4);
        Set<OpenOption> options = new LinkedHashSet<>();
        for (StandardOpenOption option :
                List.of(
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.SPARSE,
                        StandardOpenOption.DSYNC)) {
            if (random.nextInt(3) == 0) {
                options.add(option);
            }
        }
        if (random.nextInt(6) == 0) {
            options.add(StandardOpenOption.APPEND);
        }
        name.append("open ").append(index).append(' ').append(path).append(options);
        return machine -> {
            FileChannel channel = FileChannel.open(machine.root.resolve(path), options);
            if (Files.isDirectory(machine.root.resolve(path))) {
                channel.force(true);
                channel.close();
                return "forced the directory";
            }
            FileChannel before = machine.channels.put(index, channel);
            if (before != null) {
                before.close();
            }
            return "opened";
        };
    }

    private static Step randomChannelStep(RandomGenerator random, StringBuilder name) {
        int index = random.nextInt(4);
        int kind = random.nextInt(13);
        long at = random.nextInt(3000);
        byte[] bytes = new byte[1 + random.nextInt(1500)];
        random.nextBytes(bytes);
        int second = 1 + random.nextInt(700);
        name.append("channel ").append(index).append(" kind ").append(kind).append(" at ");
        name.append(at).append(" count ").append(bytes.length);
        return machine -> {
            FileChannel channel = machine.channel(index);
            return switch (kind) {
                case 0 -> channel.write(ByteBuffer.wrap(bytes));
                case 1 -> channel.write(ByteBuffer.wrap(bytes), at);
                case 2 -> {
                    ByteBuffer[] both = {ByteBuffer.wrap(bytes), ByteBuffer.allocate(second)};
                    yield channel.write(both) + " " + both[1].remaining();
                }
                case 3 -> read(channel.read(ByteBuffer.wrap(bytes), at), bytes);
                case 4 -> read(channel.read(ByteBuffer.wrap(bytes)), bytes);
                case 5 -> {
                    ByteBuffer[] both = {ByteBuffer.wrap(bytes), ByteBuffer.allocate(second)};
                    yield read((int) channel.read(both), bytes) + Arrays.hashCode(both[1].array());
                }
                case 6 -> channel.size() + " " + channel.position();
                case 7 -> channel.position(at).position();
                case 8 -> channel.truncate(at).size() + " " + channel.position();
                case 9 -> {
                    channel.force(second % 2 == 0);
                    yield "forced";
                }
                case 10 -> {
                    java.io.ByteArrayOutputStream sink = new java.io.ByteArrayOutputStream();
                    long count = channel.transferTo(at, second, Channels.newChannel(sink));
                    yield count + " " + Arrays.hashCode(sink.toByteArray());
                }
                case 11 ->
                        channel.transferFrom(
                                Channels.newChannel(new java.io.ByteArrayInputStream(bytes)),
                                at,
                                second);
                default -> lockAndRelease(channel);
            };
        };
    }

    private static String read(int count, byte[] into) {
        return count + " " + Arrays.hashCode(into);
    }

    private static String lockAndRelease(FileChannel channel) throws IOException {
        FileLock lock = channel.tryLock();
        if (lock == null) {
            return "held";
        }
        String valid = "locked " + lock.isValid();
        lock.release();
        return valid + lock.isValid();
    }

    private static Map<String, String> tree(Path root) throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.collect(
                    Collectors.toMap(
                            path -> root.relativize(path).toString(),
                            DiskAsTheRealOneTest::content,
                            (one, other) -> one,
                            TreeMap::new));
        }
    }

    private static String content(Path path) {
        try {
            return Files.isDirectory(path) ? "/" : Arrays.toString(Files.readAllBytes(path));
        } catch (IOException unreadable) {
            throw new java.io.UncheckedIOException(unreadable);
        }
    }
}
