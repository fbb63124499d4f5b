package io.headrace.standalone.cluster;

import io.headrace.standalone.serve.WatchdogSettings;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** The properties of each node's process. */
final class NodeSettings {
    private NodeSettings() {}

    /** The properties of a node, the user's settings applied. */
    static Map<String, String> of(ClusterPlan plan, NodePlan node, ClusterDirectory directory) {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("headrace.cluster.secret", plan.secret());
        log(properties, directory.of(node).resolve("headrace.log"));
        properties.put(WatchdogSettings.DIRECTORY, directory.of(node).toString());
        switch (node.role()) {
            case COORDINATOR -> coordinator(properties, plan, node, directory.dataOf(node));
            case STORAGE -> storage(properties, plan, node, directory.dataOf(node));
            case GATEWAY -> gateway(properties, plan, node);
            case POSTGRES -> throw new IllegalArgumentException("PostgreSQL has no properties");
        }
        properties.putAll(UserSettings.of(node.role(), plan.settings()));
        return properties;
    }

    private static void log(Map<String, String> properties, Path file) {
        properties.put("logging.file.name", file.toString());
        properties.put("logging.logback.rollingpolicy.max-file-size", "10MB");
        properties.put("logging.logback.rollingpolicy.max-history", "5");
        properties.put("logging.logback.rollingpolicy.total-size-cap", "50MB");
        properties.put("logging.threshold.console", "OFF");
    }

    private static void management(Map<String, String> properties, NodePlan node) {
        properties.put("server.address", node.host());
        properties.put("server.port", "" + node.managementPort());
    }

    private static void coordinator(
            Map<String, String> properties, ClusterPlan plan, NodePlan node, Path data) {
        management(properties, node);
        String prefix = "headrace.coordinator.";
        properties.put(prefix + "id", "" + node.id());
        properties.put(prefix + "host", node.host());
        properties.put(prefix + "port", "" + node.port());
        properties.put(prefix + "data-directory", data.toString());
        properties.put(prefix + "database.url", plan.database().url());
        properties.put(prefix + "database.user", plan.database().user());
        properties.put(prefix + "database.password", plan.database().password());
        properties.put(prefix + "membership.members", plan.members());
        properties.put(prefix + "membership.port", "" + node.memberPort());
    }

    private static void storage(
            Map<String, String> properties, ClusterPlan plan, NodePlan node, Path data) {
        management(properties, node);
        String prefix = "headrace.storage.";
        properties.put(prefix + "node-id", "" + node.id());
        properties.put(prefix + "data-dirs", data.toString());
        properties.put(prefix + "coordinators", plan.addresses(Role.COORDINATOR));
        properties.put(prefix + "listener.host", node.host());
        properties.put(prefix + "listener.port", "" + node.port());
        properties.put(prefix + "hazelcast.members", plan.members());
        properties.put(prefix + "hazelcast.port", "" + node.memberPort());
        if (node.rack() != null) {
            properties.put(prefix + "rack", node.rack());
        }
    }

    private static void gateway(Map<String, String> properties, ClusterPlan plan, NodePlan node) {
        properties.put("server.address", node.host());
        properties.put("server.port", "" + node.port());
        properties.put("management.server.address", node.host());
        properties.put("management.server.port", "" + node.managementPort());
        properties.put("headrace.gateway.bootstrap-servers", plan.bootstrap());
        properties.put("headrace.gateway.membership.members", plan.members());
        properties.put("headrace.gateway.membership.port", "" + node.memberPort());
    }

    /** The properties as the text of a file. */
    static String text(Map<String, String> properties) throws IOException {
        Properties all = new Properties();
        all.putAll(properties);
        StringWriter text = new StringWriter();
        all.store(text, null);
        return text.toString();
    }
}
