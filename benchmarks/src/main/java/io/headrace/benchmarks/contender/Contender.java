package io.headrace.benchmarks.contender;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;

/** A system that is measured. */
public interface Contender {
    /** Its name in tables. */
    String name();

    /** What it runs with, for the report. */
    String settings();

    /** Starts it over a directory, empty or its own of before, and waits until it serves. */
    Server start(Path directory) throws IOException, InterruptedException;

    /**
     * Stops the nodes that store records, in good order, and starts them again; of a system that
     * has others, those go on.
     *
     * @param directory the one that it was started over
     * @return what runs then; its {@code startMs} is from the start of the last node's process
     *     until all accepted connections
     */
    default Server restartNodes(Server server, Path directory)
            throws IOException, InterruptedException {
        server.close();
        return start(directory);
    }

    /** Configs that every topic of the load gets on this side. */
    Map<String, String> topicConfigs();

    /** Whether topics must be created; the floor has every topic. */
    default boolean createsTopics() {
        return true;
    }

    /** What a node that stores records may take of memory at most; the peers promise nothing. */
    default OptionalLong nodeLimitBytes() {
        return OptionalLong.empty();
    }

    /** A free port of the loopback address. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
