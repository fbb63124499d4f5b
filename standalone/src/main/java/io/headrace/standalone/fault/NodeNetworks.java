package io.headrace.standalone.fault;

import io.headrace.standalone.cluster.LaunchOptions;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A network namespace for each node, all on one bridge, so that any node can be cut off from any
 * other in either direction while clients on the host go on to reach both, and so that each has a
 * cable of its own that can be bad. Needs root on Linux, and {@code ip} of iproute2.
 */
public final class NodeNetworks implements AutoCloseable {
    private static final int FIRST_HOST = 10;
    private static final int NUMBERS = 250;
    private static final int ATTEMPTS = 20;

    private final String id;
    private final String bridge;
    private final String subnet;
    private final Map<String, String> hosts = new LinkedHashMap<>();
    private final List<String> cuts = new ArrayList<>();

    private NodeNetworks(int number) {
        this.id = "hr" + number;
        this.bridge = id;
        this.subnet = "10.213." + number + ".";
    }

    /** Whether this user can make them here. */
    public static boolean areAvailable() throws InterruptedException {
        String name = "hrtry" + ProcessHandle.current().pid();
        return Commands.works("ip", "netns", "add", name)
                && Commands.works("ip", "netns", "del", name);
    }

    /** Makes a network for each node. */
    public static NodeNetworks create(List<String> nodes) throws IOException, InterruptedException {
        NodeNetworks networks = withBridge();
        try {
            Commands.run("ip", "addr", "add", networks.subnet + "1/24", "dev", networks.bridge);
            Commands.run("ip", "link", "set", networks.bridge, "up");
            for (String node : nodes) {
                networks.add(node);
            }
            return networks;
        } catch (IOException | InterruptedException e) {
            networks.close();
            throw e;
        }
    }

    /** On a number that nobody else has: its bridge could be made. */
    private static NodeNetworks withBridge() throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            NodeNetworks networks =
                    new NodeNetworks(ThreadLocalRandom.current().nextInt(1, NUMBERS));
            try {
                Commands.run("ip", "link", "add", networks.bridge, "type", "bridge");
                return networks;
            } catch (IOException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private void add(String node) throws IOException, InterruptedException {
        int number = FIRST_HOST + hosts.size();
        String space = spaceOf(node);
        String link = linkOf(number);
        hosts.put(node, subnet + number);
        Commands.run("ip", "netns", "add", space);
        Commands.run(
                "ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", space);
        Commands.run("ip", "link", "set", link, "master", bridge, "up");
        Commands.run("ip", "-n", space, "addr", "add", hostOf(node) + "/24", "dev", "eth0");
        Commands.run("ip", "-n", space, "link", "set", "eth0", "up");
        Commands.run("ip", "-n", space, "link", "set", "lo", "up");
    }

    private String linkOf(int number) {
        return id + "n" + number;
    }

    private String spaceOf(String node) {
        return id + "-" + node;
    }

    private String hostOf(String node) {
        String host = hosts.get(node);
        if (host == null) {
            throw new IllegalArgumentException(node + " has no network of its own");
        }
        return host;
    }

    /** The address of each node. */
    public Map<String, String> hosts() {
        return Map.copyOf(hosts);
    }

    /** What puts a node's process into its network. */
    public LaunchOptions optionsOf(String node) {
        return new LaunchOptions(
                List.of("ip", "netns", "exec", spaceOf(node)), Map.of(), List.of());
    }

    /** The end of a node's cable that is in its own network. */
    LinkEnd nodeEnd(String node) {
        hostOf(node);
        return new LinkEnd(List.of("tc", "-n", spaceOf(node)), "eth0");
    }

    /** The other end, where the bridge and through it all others are. */
    LinkEnd bridgeEnd(String node) {
        int number = Integer.parseInt(hostOf(node).substring(subnet.length()));
        return new LinkEnd(List.of("tc"), linkOf(number));
    }

    /** Drops what one node sends to another. */
    void cut(String from, String to) throws IOException, InterruptedException {
        Commands.run(
                "ip", "-n", spaceOf(from), "route", "replace", "blackhole", hostOf(to) + "/32");
        cuts.add(from + " " + to);
    }

    /** Lets everything through again. */
    void healAll() throws IOException, InterruptedException {
        for (String cut : List.copyOf(cuts)) {
            String[] ends = cut.split(" ", 2);
            Commands.run(
                    "ip",
                    "-n",
                    spaceOf(ends[0]),
                    "route",
                    "del",
                    "blackhole",
                    hostOf(ends[1]) + "/32");
            cuts.remove(cut);
        }
    }

    /** Removes the networks; the nodes' processes have ended. */
    @Override
    public void close() {
        try {
            for (String node : hosts.keySet()) {
                Commands.works("ip", "netns", "del", spaceOf(node));
            }
            Commands.works("ip", "link", "del", bridge);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
