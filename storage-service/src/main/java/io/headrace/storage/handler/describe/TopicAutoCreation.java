package io.headrace.storage.handler.describe;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.OutboundFrame;
import io.headrace.storage.forward.ForwardTarget;
import io.headrace.storage.forward.Forwarder.Letter;
import io.headrace.storage.handler.forwarding.Frames;
import io.headrace.storage.handler.request.Client;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData.CreatableTopic;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Creates topics that clients ask for and that do not exist, with the cluster's defaults, as the
 * client. The same topic is asked of the controller once at a time. Any thread.
 */
final class TopicAutoCreation {
    private static final Logger LOG = LoggerFactory.getLogger(TopicAutoCreation.class);
    private static final short VERSION = 7;
    private static final int TIMEOUT_MS = 3_000;
    private static final int MAX_AT_A_TIME = 1_000;

    private final Services services;
    private final Map<String, CompletableFuture<Void>> running = new ConcurrentHashMap<>();

    TopicAutoCreation(Services services) {
        this.services = services;
    }

    /** Completes when the controller has answered for all of them, whatever it answered. */
    CompletableFuture<Void> create(Set<String> names, Client client) {
        List<CompletableFuture<Void>> waits = new ArrayList<>();
        List<String> mine = new ArrayList<>();
        CompletableFuture<Void> own = new CompletableFuture<>();
        for (String name : names) {
            if (running.size() >= MAX_AT_A_TIME) {
                break; // the client asks again
            }
            CompletableFuture<Void> other = running.putIfAbsent(name, own);
            if (other == null) {
                mine.add(name);
            } else {
                waits.add(other);
            }
        }
        if (!mine.isEmpty()) {
            send(mine, client, own);
            waits.add(own);
        }
        return CompletableFuture.allOf(waits.toArray(CompletableFuture[]::new));
    }

    private void send(List<String> names, Client client, CompletableFuture<Void> done) {
        CreateTopicsRequestData request = new CreateTopicsRequestData().setTimeoutMs(TIMEOUT_MS);
        for (String name : names) {
            request.topics()
                    .add(
                            new CreatableTopic()
                                    .setName(name)
                                    .setNumPartitions(-1)
                                    .setReplicationFactor((short) -1));
        }
        OutboundFrame frame =
                MessageWriter.request(
                        ApiCatalog.get(ApiKeys.CREATE_TOPICS), VERSION, 0, "auto-create", request);
        Letter letter =
                new Letter(
                        new ForwardTarget.Controller(),
                        Frames.join(frame),
                        client.connection().remoteAddress().getAddress(),
                        Duration.ofMillis(TIMEOUT_MS),
                        () -> false,
                        Errors.REQUEST_TIMED_OUT);
        services.forwarder()
                .forward(letter)
                .whenComplete(
                        (answer, failure) -> {
                            if (failure != null) {
                                LOG.warn("Cannot create {}: {}", names, failure.getMessage());
                            }
                            names.forEach(name -> running.remove(name, done));
                            done.complete(null);
                        });
    }
}
