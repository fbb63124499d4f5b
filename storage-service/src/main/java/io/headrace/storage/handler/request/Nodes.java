package io.headrace.storage.handler.request;

import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.storage.config.StorageProperties;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The storage nodes as clients see them. */
public final class Nodes {
    private Nodes() {}

    /** A node that a client may connect to. */
    public record Address(int nodeId, String host, int port, @Nullable String rack) {}

    /** The live nodes, by id. */
    public static List<Address> live(Services services, Request request) {
        List<Address> nodes = new ArrayList<>();
        for (NodeImage node : services.image().nodes().values()) {
            Address address = node.fenced() ? null : addressOf(services, request, node);
            if (address != null) {
                nodes.add(address);
            }
        }
        nodes.sort(Comparator.comparingInt(Address::nodeId));
        return nodes;
    }

    /** Where that client reaches a node, or null when the node has no listener for clients. */
    public static @Nullable Address addressOf(Services services, Request request, NodeImage node) {
        StorageProperties.Advertised advertised = services.properties().advertised();
        if (node.nodeId() == services.nodeId() && advertised == null) {
            InetSocketAddress local = request.client().connection().localAddress();
            return new Address(node.nodeId(), hostOf(local), local.getPort(), node.rack());
        }
        Endpoint endpoint = node.endpoint(Endpoint.CLIENT);
        return endpoint == null
                ? null
                : new Address(node.nodeId(), endpoint.host(), endpoint.port(), node.rack());
    }

    private static String hostOf(InetSocketAddress address) {
        String host =
                address.getAddress() == null
                        ? address.getHostString()
                        : address.getAddress().getHostAddress();
        int scope = host.indexOf('%');
        return scope < 0 ? host : host.substring(0, scope);
    }

    /** The node that clients are told is the controller: this one if it lives, else the first. */
    public static int controllerId(Services services) {
        MetadataImage image = services.image();
        NodeImage own = image.nodes().get(services.nodeId());
        if (own != null && !own.fenced()) {
            return own.nodeId();
        }
        return image.nodes().values().stream()
                .filter(node -> !node.fenced())
                .mapToInt(NodeImage::nodeId)
                .min()
                .orElse(-1);
    }

    /**
     * The live node for a coordinator key, by rendezvous hashing: equal from every node, and stable
     * for most keys when a node comes or goes.
     */
    public static @Nullable Address byKey(List<Address> live, byte keyType, String key) {
        Address best = null;
        long bestWeight = Long.MIN_VALUE;
        for (Address node : live) {
            long weight = weight(keyType, key, node.nodeId());
            if (best == null || weight > bestWeight) {
                best = node;
                bestWeight = weight;
            }
        }
        return best;
    }

    /**
     * Whether a node lists a coordinator key: clients ask all nodes and add up, so each key is
     * listed by the node that FindCoordinator names. A node that is not live lists all.
     */
    public static boolean lists(List<Address> live, int nodeId, byte keyType, String key) {
        Address named = byKey(live, keyType, key);
        return named == null
                || named.nodeId() == nodeId
                || live.stream().noneMatch(node -> node.nodeId() == nodeId);
    }

    private static long weight(byte keyType, String key, int nodeId) {
        long hash = 0xcbf29ce484222325L ^ keyType; // FNV-1a, then a finalizer to spread it
        for (byte b : key.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ b) * 0x100000001b3L;
        }
        hash = (hash ^ nodeId) * 0x9e3779b97f4a7c15L;
        hash ^= hash >>> 32;
        hash *= 0xd6e8feb86659fd93L;
        return hash ^ hash >>> 29;
    }
}
