package io.headrace.storage.config;

import io.headrace.protocol.metadata.ConfigResourceKey;
import io.headrace.protocol.metadata.MetadataImage;

import org.jspecify.annotations.Nullable;

/** Rates in bytes per second that are set for one node or for all while they run. */
public final class NodeRates {
    private NodeRates() {}

    /** The node's own value, else that of all nodes, else the fallback. */
    public static long of(MetadataImage image, int nodeId, String name, long fallback) {
        String own = value(image, Integer.toString(nodeId), name);
        String set = own == null ? value(image, "", name) : own;
        try {
            return set == null ? fallback : Long.parseLong(set.trim());
        } catch (NumberFormatException e) {
            return fallback; // the controller validates; this is a newer one's
        }
    }

    private static @Nullable String value(MetadataImage image, String node, String name) {
        return image.configsOf(new ConfigResourceKey(ConfigResourceKey.BROKER, node)).get(name);
    }
}
