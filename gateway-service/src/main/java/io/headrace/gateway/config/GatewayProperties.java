package io.headrace.gateway.config;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

import java.time.Duration;
import java.util.List;

/**
 * How the gateway runs: {@code headrace.gateway.*}. Its HTTP address and port are Spring Boot's
 * {@code server.address} and {@code server.port}, the management port {@code
 * management.server.port}.
 *
 * @param bootstrapServers where the cluster is: {@code host:port}, several separated by commas
 * @param clientId the name that the gateway gives itself at the cluster
 * @param operationTimeout how long one operation at the cluster may take, its retries included
 * @param produceTimeout how long a record may take until it is stored, retries included
 * @param limits what one caller may ask for
 * @param stream how subscriptions run
 * @param fanout how one fetch feeds many readers
 * @param membership whom the gateway tells that it is there
 */
@ConfigurationProperties("headrace.gateway")
public record GatewayProperties(
        @DefaultValue("localhost:9092") String bootstrapServers,
        @DefaultValue("headrace-gateway") String clientId,
        @DefaultValue("15s") Duration operationTimeout,
        @DefaultValue("30s") Duration produceTimeout,
        @DefaultValue Limits limits,
        @DefaultValue Stream stream,
        @DefaultValue Buffers fanout,
        @DefaultValue Membership membership) {

    public GatewayProperties {
        Checks.positive(operationTimeout, "operation-timeout");
        Checks.positive(produceTimeout, "produce-timeout");
    }

    /**
     * What one caller may ask for.
     *
     * @param maxBody the largest request body
     * @param maxBodiesInFlight the bytes of all request bodies being worked on together
     * @param maxRecordsPerRequest the most records of one produce request or frame
     * @param maxHeadersPerRecord the most headers of one record
     * @param maxRecordBytes the largest record produced
     * @param maxRecordsPerRead the most records of one answer
     * @param maxBytesPerRead the most bytes of one answer, about
     * @param maxWait the longest long poll
     * @param maxConnections connections open at once; further ones are closed
     * @param maxHeaderBytes the largest request line, and the largest set of HTTP headers
     * @param maxDecompressed the most bytes that one stored batch may decompress to
     */
    public record Limits(
            @DefaultValue("8MB") DataSize maxBody,
            @DefaultValue("128MB") DataSize maxBodiesInFlight,
            @DefaultValue("10000") int maxRecordsPerRequest,
            @DefaultValue("100") int maxHeadersPerRecord,
            @DefaultValue("4MB") DataSize maxRecordBytes,
            @DefaultValue("10000") int maxRecordsPerRead,
            @DefaultValue("8MB") DataSize maxBytesPerRead,
            @DefaultValue("30s") Duration maxWait,
            @DefaultValue("10000") int maxConnections,
            @DefaultValue("64KB") DataSize maxHeaderBytes,
            @DefaultValue("64MB") DataSize maxDecompressed) {

        public Limits {
            Checks.positive(maxBody, "limits.max-body");
            Checks.positive(maxBodiesInFlight, "limits.max-bodies-in-flight");
            Checks.positive(maxRecordsPerRequest, "limits.max-records-per-request");
            Checks.notNegative(maxHeadersPerRecord, "limits.max-headers-per-record");
            Checks.positive(maxRecordBytes, "limits.max-record-bytes");
            Checks.positive(maxRecordsPerRead, "limits.max-records-per-read");
            Checks.positive(maxBytesPerRead, "limits.max-bytes-per-read");
            Checks.positive(maxWait, "limits.max-wait");
            Checks.positive(maxConnections, "limits.max-connections");
            Checks.positive(maxHeaderBytes, "limits.max-header-bytes");
            Checks.positive(maxDecompressed, "limits.max-decompressed");
        }
    }

    /**
     * How subscriptions run.
     *
     * @param heartbeat how often a silent stream says that it is alive
     * @param slowReader how long a reader may take nothing of what is sent before it is cut off
     * @param refresh how often new topics and partitions are looked for
     * @param maxFrame the largest WebSocket message taken from a client
     * @param batchBytes about how many bytes of records one message or write carries
     * @param maxSubscriptions the most subscriptions of one WebSocket
     * @param maxPartitions the most partitions of one subscription
     * @param maxTopics the most topics and patterns that one subscription may name
     * @param maxPending the most requests of one WebSocket that may wait for their answers
     */
    public record Stream(
            @DefaultValue("15s") Duration heartbeat,
            @DefaultValue("60s") Duration slowReader,
            @DefaultValue("5s") Duration refresh,
            @DefaultValue("4MB") DataSize maxFrame,
            @DefaultValue("64KB") DataSize batchBytes,
            @DefaultValue("100") int maxSubscriptions,
            @DefaultValue("10000") int maxPartitions,
            @DefaultValue("100") int maxTopics,
            @DefaultValue("64") int maxPending) {

        public Stream {
            Checks.positive(heartbeat, "stream.heartbeat");
            Checks.positive(slowReader, "stream.slow-reader");
            Checks.positive(refresh, "stream.refresh");
            Checks.positive(maxFrame, "stream.max-frame");
            Checks.positive(batchBytes, "stream.batch-bytes");
            Checks.positive(maxSubscriptions, "stream.max-subscriptions");
            Checks.positive(maxPartitions, "stream.max-partitions");
            Checks.positive(maxTopics, "stream.max-topics");
            Checks.positive(maxPending, "stream.max-pending");
        }
    }

    /**
     * How one fetch feeds many readers.
     *
     * @param perPartition recent records kept for each partition with readers at its end
     * @param total recent records kept for all partitions together
     * @param fetchBytes the most bytes of one fetch
     * @param linger how long recent records are kept after the last reader left
     */
    public record Buffers(
            @DefaultValue("1MB") DataSize perPartition,
            @DefaultValue("32MB") DataSize total,
            @DefaultValue("256KB") DataSize fetchBytes,
            @DefaultValue("30s") Duration linger) {

        public Buffers {
            Checks.positive(perPartition, "fanout.per-partition");
            Checks.positive(total, "fanout.total");
            Checks.positive(fetchBytes, "fanout.fetch-bytes");
            Checks.positive(linger, "fanout.linger");
        }
    }

    /**
     * Whom the gateway tells that it is there. It joins as a Hazelcast lite member, which holds no
     * data; a gateway that joins nobody starts no member at all.
     *
     * @param members addresses of others, {@code host:port}; empty to join nobody
     * @param clusterName the name of the Hazelcast cluster
     * @param port the port to listen on
     */
    public record Membership(
            @DefaultValue List<String> members,
            @DefaultValue("headrace") String clusterName,
            @DefaultValue("5701") int port) {

        public Membership {
            members = List.copyOf(members);
        }
    }
}
