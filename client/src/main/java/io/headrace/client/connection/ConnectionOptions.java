package io.headrace.client.connection;

import java.time.Duration;

/**
 * How the client connects, retries and keeps its view of the cluster fresh.
 *
 * @param requestTimeout how long one request may take until its answer
 * @param connectTimeout how long setting up one connection may take
 * @param operationTimeout how long an operation may take, its retries included (Kafka:
 *     default.api.timeout.ms)
 * @param reconnectBackoff the first pause before a node is connected to again
 * @param reconnectBackoffMax the longest such pause; pauses double, with a random fifth more or
 *     less
 * @param retryBackoff the first pause before a failed request is tried again
 * @param retryBackoffMax the longest such pause
 * @param metadataMaxAge after how long metadata is refreshed without another cause
 * @param connectionsPerNode how many connections to one node carry produce and admin requests;
 *     fetches have their own
 * @param maxConnections how many connections may be open at once, over all nodes
 * @param maxFrameBytes the largest answer that is accepted, in bytes
 */
public record ConnectionOptions(
        Duration requestTimeout,
        Duration connectTimeout,
        Duration operationTimeout,
        Duration reconnectBackoff,
        Duration reconnectBackoffMax,
        Duration retryBackoff,
        Duration retryBackoffMax,
        Duration metadataMaxAge,
        int connectionsPerNode,
        int maxConnections,
        int maxFrameBytes) {
    public ConnectionOptions {
        OptionChecks.positive(requestTimeout, "requestTimeout");
        OptionChecks.positive(connectTimeout, "connectTimeout");
        OptionChecks.positive(operationTimeout, "operationTimeout");
        OptionChecks.positive(reconnectBackoff, "reconnectBackoff");
        OptionChecks.positive(reconnectBackoffMax, "reconnectBackoffMax");
        OptionChecks.positive(retryBackoff, "retryBackoff");
        OptionChecks.positive(retryBackoffMax, "retryBackoffMax");
        OptionChecks.positive(metadataMaxAge, "metadataMaxAge");
        OptionChecks.inRange(connectionsPerNode, "connectionsPerNode", 1, 64);
        OptionChecks.inRange(maxConnections, "maxConnections", 1, 100_000);
        OptionChecks.inRange(maxFrameBytes, "maxFrameBytes", 1024, Integer.MAX_VALUE - 8);
    }

    /** Starts from the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** The defaults. */
    public static ConnectionOptions defaults() {
        return builder().build();
    }

    /** Collects the options; each setter is documented at the record's component of that name. */
    public static final class Builder {
        private Duration requestTimeout = Duration.ofSeconds(30);
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration operationTimeout = Duration.ofSeconds(60);
        private Duration reconnectBackoff = Duration.ofMillis(50);
        private Duration reconnectBackoffMax = Duration.ofSeconds(1);
        private Duration retryBackoff = Duration.ofMillis(100);
        private Duration retryBackoffMax = Duration.ofSeconds(1);
        private Duration metadataMaxAge = Duration.ofMinutes(5);
        private int connectionsPerNode = 1;
        private int maxConnections = 1000;
        private int maxFrameBytes = 100 * 1024 * 1024;

        private Builder() {}

        public Builder requestTimeout(Duration requestTimeout) {
            this.requestTimeout = requestTimeout;
            return this;
        }

        public Builder connectTimeout(Duration connectTimeout) {
            this.connectTimeout = connectTimeout;
            return this;
        }

        public Builder operationTimeout(Duration operationTimeout) {
            this.operationTimeout = operationTimeout;
            return this;
        }

        public Builder reconnectBackoff(Duration reconnectBackoff) {
            this.reconnectBackoff = reconnectBackoff;
            return this;
        }

        public Builder reconnectBackoffMax(Duration reconnectBackoffMax) {
            this.reconnectBackoffMax = reconnectBackoffMax;
            return this;
        }

        public Builder retryBackoff(Duration retryBackoff) {
            this.retryBackoff = retryBackoff;
            return this;
        }

        public Builder retryBackoffMax(Duration retryBackoffMax) {
            this.retryBackoffMax = retryBackoffMax;
            return this;
        }

        public Builder metadataMaxAge(Duration metadataMaxAge) {
            this.metadataMaxAge = metadataMaxAge;
            return this;
        }

        public Builder connectionsPerNode(int connectionsPerNode) {
            this.connectionsPerNode = connectionsPerNode;
            return this;
        }

        public Builder maxConnections(int maxConnections) {
            this.maxConnections = maxConnections;
            return this;
        }

        public Builder maxFrameBytes(int maxFrameBytes) {
            this.maxFrameBytes = maxFrameBytes;
            return this;
        }

        /** The options; throws {@link IllegalArgumentException} when one is out of its range. */
        public ConnectionOptions build() {
            return new ConnectionOptions(
                    requestTimeout,
                    connectTimeout,
                    operationTimeout,
                    reconnectBackoff,
                    reconnectBackoffMax,
                    retryBackoff,
                    retryBackoffMax,
                    metadataMaxAge,
                    connectionsPerNode,
                    maxConnections,
                    maxFrameBytes);
        }
    }
}
