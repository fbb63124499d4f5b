package io.headrace.standalone.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Ports for a cluster's nodes. Those that nobody chose come from below the range that the system
 * gives to outgoing connections, so that a node that is down finds its port free when it returns.
 */
final class Ports {
    private static final int FIRST = 20_000;
    private static final int LAST = 32_000;
    private static final int ATTEMPTS = 2_000;

    private final RandomGenerator random;
    private final Set<Integer> taken = new HashSet<>();

    Ports(RandomGenerator random) {
        this.random = random;
    }

    /**
     * A port that the user chose.
     *
     * @param option what it is chosen with
     */
    int chosen(String host, int port, String option) {
        if (!taken.add(port)) {
            throw new ClusterFailureException(
                    "Port " + port + " would be used twice: choose another with " + option);
        }
        if (!isFree(host, port)) {
            throw new ClusterFailureException(
                    "Port "
                            + port
                            + " is in use: stop what uses it, or choose another with "
                            + option);
        }
        return port;
    }

    /** Keeps a port from being given out. */
    void keep(int port) {
        taken.add(port);
    }

    /** Any free port. */
    int any(String host) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            int port = random.nextInt(FIRST, LAST);
            if (isFree(host, port) && taken.add(port)) {
                return port;
            }
        }
        throw new ClusterFailureException(
                "No free port between " + FIRST + " and " + LAST + " was found on " + host);
    }

    /** Whether somebody could listen there now; an address of another network is not looked at. */
    static boolean isFree(String host, int port) {
        try (ServerSocket socket = new ServerSocket()) {
            InetAddress address = InetAddress.getByName(host);
            if (NetworkInterface.getByInetAddress(address) == null) {
                return true;
            }
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(address, port));
            return true;
        } catch (IOException inUse) {
            return false;
        }
    }
}
