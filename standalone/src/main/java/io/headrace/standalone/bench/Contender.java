package io.headrace.standalone.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.Map;

/** A system that is measured. */
interface Contender {
    /** Its name in tables. */
    String name();

    /** What it runs with, for the report. */
    String settings();

    /** Starts it over an empty directory and waits until it serves. */
    Server start(Path directory) throws IOException, InterruptedException;

    /** Configs that the scenario's topic gets on this side. */
    Map<String, String> topicConfigs();

    /** A free port of the loopback address. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
