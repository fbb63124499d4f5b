package io.headrace.coordinator.exchange;

import io.headrace.coordinator.recovery.NodeReport;
import io.headrace.coordinator.recovery.NodeReport.ReportedLog;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.codec.MalformedFrameException;
import io.headrace.protocol.message.ReportMetadataRequestData;
import io.headrace.protocol.message.ReportMetadataResponseData;
import io.headrace.protocol.metadata.Endpoint;
import io.headrace.protocol.metadata.MetadataBatches;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.NodeImage;
import io.headrace.transport.auth.ClusterSecret;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelFactory;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.channel.ClientChannel;
import io.headrace.transport.loop.LoopGroup;

import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;

/**
 * Asks storage nodes what metadata they have applied and which logs they have, also those that only
 * other nodes know of. Blocks; used by one thread.
 */
public final class ReportCollector implements AutoCloseable {
    private static final ApiSchema API = ApiCatalog.get(ApiCatalog.REPORT_METADATA);
    private static final int PIECE_BYTES = 8 << 20;
    private static final long MAX_SIZE_BYTES = 1L << 30;
    private static final int MAX_ATTEMPTS = 5;

    /** The id under which an operator's tool proves that it knows the secret. */
    private static final int OPERATOR_ID = -1;

    private final LoopGroup loops = LoopGroup.start("report", 1);
    private final ChannelFactory channels = new ChannelFactory(loops);
    private final NodeAuthenticator authenticator;
    private final ChannelOptions options =
            new ChannelOptions(
                    "metadata-recovery", Duration.ofSeconds(3), Duration.ofSeconds(30), 256 << 20);

    public ReportCollector(ClusterSecret secret) {
        this.authenticator = new NodeAuthenticator(secret, OPERATOR_ID, "operator");
    }

    /** Where the nodes of an image are reached by other nodes. */
    public static List<InetSocketAddress> addressesOf(MetadataImage image) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (NodeImage node : image.nodes().values()) {
            Endpoint own = node.endpoint(Endpoint.NODE);
            Endpoint endpoint = own == null ? node.endpoint(Endpoint.CLIENT) : own;
            if (endpoint != null) {
                addresses.add(InetSocketAddress.createUnresolved(endpoint.host(), endpoint.port()));
            }
        }
        return addresses;
    }

    /**
     * Asks the nodes at some addresses, and those that they know of.
     *
     * @param silent told of each address that gave no report, and why
     */
    public List<NodeReport> collect(
            Collection<InetSocketAddress> first, BiConsumer<String, String> silent)
            throws InterruptedException {
        ArrayDeque<InetSocketAddress> left = new ArrayDeque<>(first);
        Set<String> asked = new HashSet<>();
        Map<Integer, NodeReport> reports = new LinkedHashMap<>();
        while (!left.isEmpty()) {
            InetSocketAddress address = left.poll();
            String name = address.getHostString() + ":" + address.getPort();
            if (asked.add(name)) {
                try {
                    NodeReport report = ask(address, name);
                    reports.putIfAbsent(report.nodeId(), report);
                    left.addAll(addressesOf(report.image()));
                } catch (IOException e) {
                    silent.accept(name, String.valueOf(e.getMessage()));
                }
            }
        }
        return List.copyOf(reports.values());
    }

    private NodeReport ask(InetSocketAddress address, String name)
            throws IOException, InterruptedException {
        ClientChannel channel = get(channels.connect(address, options));
        try {
            get(authenticator.authenticate(channel));
            for (int attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
                NodeReport report = download(channel, name);
                if (report != null) {
                    return report;
                }
            }
            throw new IOException("The node's metadata changes too fast");
        } finally {
            channel.close();
        }
    }

    /** One report, or null when the node moved on to a newer snapshot meanwhile. */
    private static @Nullable NodeReport download(ClientChannel channel, String name)
            throws IOException, InterruptedException {
        ReportMetadataResponseData first = piece(channel, -1, 0);
        if (first.errorCode() != Errors.NONE.code() || first.size() > MAX_SIZE_BYTES) {
            throw new IOException(
                    "The node answers "
                            + Errors.forCode(first.errorCode())
                            + ", "
                            + first.size()
                            + " bytes");
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(first.piece());
        while (bytes.size() < first.size()) {
            ReportMetadataResponseData next = piece(channel, first.endOffset(), bytes.size());
            if (next.errorCode() == Errors.SNAPSHOT_NOT_FOUND.code()) {
                return null;
            }
            if (next.errorCode() != Errors.NONE.code() || next.piece().length == 0) {
                throw new IOException("The node answers " + Errors.forCode(next.errorCode()));
            }
            bytes.writeBytes(next.piece());
        }
        return report(first, name, ByteBuffer.wrap(bytes.toByteArray()));
    }

    private static ReportMetadataResponseData piece(
            ClientChannel channel, long endOffset, long position)
            throws IOException, InterruptedException {
        ReportMetadataRequestData request =
                new ReportMetadataRequestData()
                        .setEndOffset(endOffset)
                        .setPosition(position)
                        .setMaxBytes(PIECE_BYTES);
        return get(channel.call(API, (short) 0, request, ReportMetadataResponseData.class));
    }

    private static NodeReport report(
            ReportMetadataResponseData answer, String name, ByteBuffer snapshot)
            throws IOException {
        MetadataImage image;
        try {
            image =
                    MetadataImage.EMPTY.applyAll(
                            MetadataBatches.decode(snapshot), answer.endOffset());
        } catch (MalformedFrameException | RuntimeException e) {
            throw new IOException("The node's metadata cannot be read by this version: " + e, e);
        }
        List<ReportedLog> logs = new ArrayList<>();
        for (var topic : answer.topics()) {
            for (var log : topic.logs()) {
                logs.add(
                        new ReportedLog(
                                topic.topicId(),
                                topic.name(),
                                log.partitionId(),
                                log.leaderEpoch(),
                                log.startOffset(),
                                log.endOffset()));
            }
        }
        return new NodeReport(
                answer.nodeId(), name, answer.nodeEpoch(), answer.regressed(), image, logs);
    }

    private static <T> T get(CompletableFuture<T> future) throws IOException, InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new IOException(String.valueOf(cause.getMessage()), cause);
        }
    }

    @Override
    public void close() {
        channels.close();
        loops.close();
    }
}
