package io.headrace.standalone.command;

import io.headrace.client.HeadraceClient;
import io.headrace.client.connection.ConnectionOptions;

import picocli.CommandLine.Option;

import java.time.Duration;
import java.util.function.Function;

/** Where the cluster is, for every command that talks to one. */
final class ClusterOption {
    /** Nobody there is known soon; nothing that a command asks for takes this long. */
    private static final Duration OPERATION_TIMEOUT = Duration.ofSeconds(8);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    @Option(
            names = {"-b", "--bootstrap"},
            paramLabel = "HOST:PORT",
            defaultValue = "${env:HEADRACE_BOOTSTRAP:-localhost:9092}",
            description =
                    "Where to find the cluster: some nodes, separated by commas."
                            + " Default: $HEADRACE_BOOTSTRAP or localhost:9092.")
    String bootstrap = "localhost:9092";

    /** Runs something with a client and closes the client. */
    <T> T with(Function<HeadraceClient, T> work) {
        HeadraceClient client =
                HeadraceClient.builder()
                        .bootstrap(bootstrap)
                        .clientId("headrace-cli")
                        .connection(
                                ConnectionOptions.builder()
                                        .operationTimeout(OPERATION_TIMEOUT)
                                        .requestTimeout(OPERATION_TIMEOUT)
                                        .build())
                        .build();
        try {
            return work.apply(client);
        } finally {
            client.close().block(CLOSE_TIMEOUT);
        }
    }
}
