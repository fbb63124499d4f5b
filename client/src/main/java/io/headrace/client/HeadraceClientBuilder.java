package io.headrace.client;

import io.headrace.client.connection.BootstrapAddress;
import io.headrace.client.connection.ConnectionOptions;
import io.headrace.client.connection.OptionChecks;

import java.util.List;

/** Describes a {@link HeadraceClient}. */
public final class HeadraceClientBuilder {
    private List<BootstrapAddress> bootstrap = List.of();
    private String clientId = "headrace-client";
    private ConnectionOptions connection = ConnectionOptions.defaults();
    private int threads = Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 4);

    HeadraceClientBuilder() {}

    /**
     * Where to find the cluster: {@code host:port}, several separated by commas. Any live node will
     * do; the others are learnt from it. Names are resolved again at each attempt.
     */
    public HeadraceClientBuilder bootstrap(String addresses) {
        this.bootstrap = BootstrapAddress.parseAll(addresses);
        return this;
    }

    /** The name that this client gives itself, as seen in the server's logs and quotas. */
    public HeadraceClientBuilder clientId(String clientId) {
        this.clientId = clientId;
        return this;
    }

    /** Time-outs, back-off and bounds of connections. */
    public HeadraceClientBuilder connection(ConnectionOptions connection) {
        this.connection = connection;
        return this;
    }

    /** How many event loops to run; half the processors, 1 to 4, unless said. */
    public HeadraceClientBuilder threads(int threads) {
        OptionChecks.inRange(threads, "threads", 1, 256);
        this.threads = threads;
        return this;
    }

    /**
     * The client. It connects when it is first used.
     *
     * @throws IllegalArgumentException when no address was given
     */
    public HeadraceClient build() {
        if (bootstrap.isEmpty()) {
            throw new IllegalArgumentException(
                    "No bootstrap address: say bootstrap(\"host:9092\")");
        }
        return ConnectedClient.start(bootstrap, clientId, connection, threads);
    }
}
