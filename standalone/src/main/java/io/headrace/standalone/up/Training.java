package io.headrace.standalone.up;

import io.headrace.standalone.command.ConsumeCommand;
import io.headrace.standalone.command.GroupCommand;
import io.headrace.standalone.command.ProduceCommand;
import io.headrace.standalone.command.TopicCommand;
import io.headrace.transport.auth.ClusterSecret;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;

import java.io.IOException;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The run from which the JVM's cache of classes is made: every part is used once. Services find
 * each other as in a cluster, topics, records, groups and HTTP are used, a second storage node
 * follows, leads and leaves, and a second start recovers logs that look as after a crash.
 */
final class Training {
    private static final String TOPIC = "training";
    private static final String PARTITIONS = "40";
    private static final String FOLLOWED = "followed";
    private static final int FOLLOWED_PARTITIONS = 12;
    private static final String SECRET = "headrace.cluster.secret";

    private final Platform.Options options;

    Training(Platform.Options options) {
        this.options = options;
    }

    /** What lets the services of one process meet each other, as those of a cluster do. */
    static Map<String, String> settings() throws StartFailedException, IOException {
        try (ReservedPort port = ReservedPort.take("127.0.0.1", 0, "--host");
                ReservedPort nodes = ReservedPort.take("127.0.0.1", 0, "--host")) {
            String number = "" + port.number();
            String member = "127.0.0.1:" + number;
            return Map.of(
                    SECRET,
                    ClusterSecret.random(),
                    "headrace.coordinator.port",
                    "" + nodes.number(),
                    "headrace.storage.coordinators",
                    "127.0.0.1:" + nodes.number(),
                    "headrace.coordinator.membership.members",
                    member,
                    "headrace.coordinator.membership.port",
                    number,
                    "headrace.storage.hazelcast.enabled",
                    "true",
                    "headrace.storage.hazelcast.members",
                    member,
                    "headrace.storage.hazelcast.port",
                    number);
        }
    }

    /** Uses and closes a platform that serves, then starts and closes another over its data. */
    int run(Platform platform) throws IOException, StartFailedException, InterruptedException {
        int exit = use(platform);
        Path copy = options.data().resolveSibling(options.data().getFileName() + "-crashed");
        copyAsACrashLeavesIt(options.data(), copy);
        if (options.settings().containsKey(SECRET)) {
            exit |= follow(platform);
        }
        platform.close();
        try (Platform again =
                new Platform(new Platform.Options(copy, options.host(), 0, 0, Map.of()))) {
            again.start();
            exit |= run(new TopicCommand(), "list", "-b", again.kafkaAddress());
        }
        return exit;
    }

    private int use(Platform platform) throws IOException {
        String address = platform.kafkaAddress();
        int exit =
                run(new TopicCommand(), "create", TOPIC, "--partitions", PARTITIONS, "-b", address)
                        | run(new TopicCommand(), "list", "--json", "-b", address)
                        | run(new ProduceCommand(), TOPIC, "first", "-b", address)
                        | run(
                                new ConsumeCommand(),
                                TOPIC,
                                "--from",
                                "earliest",
                                "-g",
                                TOPIC,
                                "-n",
                                "1",
                                "-b",
                                address)
                        | run(new GroupCommand(), "list", "-b", address);
        String url = "http://" + platform.httpAddress() + "/api/v1/";
        request(url + "cluster", null);
        String records = "{\"value\":{\"text\":\"one\"}},".repeat(200);
        request(
                url + "topics/" + TOPIC + "/records",
                "{\"records\":[" + records.substring(0, records.length() - 1) + "]}");
        return exit;
    }

    /** Replicas follow, in-sync sets grow and shrink, leaders move: all that a restart needs. */
    private int follow(Platform platform) {
        String address = platform.kafkaAddress();
        Path data = options.data().resolveSibling(options.data().getFileName() + "-second");
        String partitions = "" + FOLLOWED_PARTITIONS;
        int exit;
        try (SecondNode _ = SecondNode.start(data, options.settings())) {
            exit =
                    run(
                            new TopicCommand(),
                            "create",
                            FOLLOWED,
                            "--partitions",
                            partitions,
                            "--replication-factor",
                            "2",
                            "-b",
                            address);
            exit |= produceToAll(address);
        }
        exit |= produceToAll(address); // led here now
        try (SecondNode _ = SecondNode.start(data, options.settings())) {
            exit |= produceToAll(address); // which it follows until it is in sync
        }
        return exit;
    }

    private static int produceToAll(String address) {
        int exit = 0;
        for (int i = 0; i < FOLLOWED_PARTITIONS; i++) {
            exit |= run(new ProduceCommand(), FOLLOWED, "one", "-p", "" + i, "-b", address);
        }
        return exit;
    }

    private static int run(Object command, String... words) {
        return new CommandLine(command).execute(words);
    }

    private static void request(String url, @Nullable String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) URI.create(url).toURL().openConnection();
        if (body != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/json");
            try (OutputStream out = connection.getOutputStream()) {
                out.write(body.getBytes(StandardCharsets.UTF_8));
            }
        }
        try (var in = connection.getInputStream()) {
            in.readAllBytes();
        }
    }

    private static void copyAsACrashLeavesIt(Path from, Path to) throws IOException {
        try (Stream<Path> paths = Files.walk(from)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                copy(path, to.resolve(from.relativize(path)));
            }
        }
    }

    private static void copy(Path path, Path target) throws IOException {
        if (Files.isDirectory(path)) {
            Files.createDirectories(target);
            return;
        }
        try {
            Files.copy(path, target);
        } catch (NoSuchFileException renamed) {
            // A checkpoint was being replaced: a crash may leave neither of its two names.
            Files.deleteIfExists(target);
        }
    }
}
