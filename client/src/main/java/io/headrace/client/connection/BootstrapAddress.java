package io.headrace.client.connection;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** A host, by name or number, and its port. */
public record BootstrapAddress(String host, int port) {
    public BootstrapAddress {
        OptionChecks.inRange(port, "port", 1, 65535);
    }

    /**
     * Reads {@code host:port} and {@code [ipv6]:port}, separated by commas.
     *
     * @throws IllegalArgumentException when that is not what it is
     */
    public static List<BootstrapAddress> parseAll(String addresses) {
        List<BootstrapAddress> parsed = new ArrayList<>();
        for (String address : addresses.split(",", -1)) {
            if (!address.isBlank()) {
                parsed.add(parse(address.strip()));
            }
        }
        return List.copyOf(parsed);
    }

    private static BootstrapAddress parse(String address) {
        int colon = address.lastIndexOf(':');
        try {
            int port = Integer.parseInt(address.substring(colon + 1));
            String host = address.substring(0, Math.max(colon, 0));
            if (host.startsWith("[") && host.endsWith("]")) {
                host = host.substring(1, host.length() - 1);
            }
            if (host.isEmpty()) {
                throw new IllegalArgumentException("no host");
            }
            return new BootstrapAddress(host, port);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("'" + address + "' is not of the form host:port", e);
        }
    }

    /** The address, its name not yet resolved. */
    public InetSocketAddress toUnresolved() {
        return InetSocketAddress.createUnresolved(host, port);
    }
}
