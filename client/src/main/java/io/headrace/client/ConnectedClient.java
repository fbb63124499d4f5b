package io.headrace.client;

import io.headrace.client.connection.BootstrapAddress;
import io.headrace.client.connection.ConnectionOptions;

import java.util.List;

/** The client over real connections. */
final class ConnectedClient {
    private ConnectedClient() {}

    static HeadraceClient start(
            List<BootstrapAddress> bootstrap,
            String clientId,
            ConnectionOptions options,
            int threads) {
        throw new UnsupportedOperationException("Under construction");
    }
}
