package io.headrace.simulation.client;

import io.headrace.simulation.network.Host;
import io.headrace.simulation.network.Wire;
import io.headrace.simulation.network.World;

import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestPartition;
import org.apache.kafka.common.message.OffsetCommitRequestData.OffsetCommitRequestTopic;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestGroup;
import org.apache.kafka.common.message.OffsetFetchRequestData.OffsetFetchRequestTopics;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * CommittedOffsetsStay: a group that commits growing offsets, one at a time, and reads them back;
 * what it reads is the last that was acknowledged, or one whose outcome it never heard: that may
 * come late.
 */
public final class OffsetCommitter {
    private final ClusterClient client;
    private final World world;
    private final String group;
    private final String topic;
    private final long thinkMaxMs;
    private final Set<Long> unheard = new HashSet<>();
    private long sent;
    private long acknowledged;
    private int reads;
    private boolean stopping;
    private boolean readAfterStop;

    public OffsetCommitter(
            Host host, Wire wire, List<String> nodes, String topic, long thinkMaxMs) {
        this.client = new ClusterClient(host, wire, nodes);
        this.world = host.world();
        this.group = "group-" + host.name();
        this.topic = topic;
        this.thinkMaxMs = thinkMaxMs;
    }

    public void start() {
        client.loop().execute(this::think);
    }

    /** Commits no more; reads once again. */
    public void stop() {
        stopping = true;
    }

    /** Whether the offset was read after {@link #stop}. */
    public boolean isDone() {
        return readAfterStop;
    }

    /** How often an offset was read. */
    public int reads() {
        return reads;
    }

    private void think() {
        client.loop().schedule(this::next, world.between(1, thinkMaxMs));
    }

    private void next() {
        if (readAfterStop) {
            return;
        }
        if (stopping || world.chance(0.4)) {
            read();
        } else {
            commit();
        }
    }

    private void commit() {
        long offset = ++sent;
        OffsetCommitRequestTopic asked = new OffsetCommitRequestTopic().setName(topic);
        asked.partitions()
                .add(
                        new OffsetCommitRequestPartition()
                                .setPartitionIndex(0)
                                .setCommittedOffset(offset)
                                .setCommittedMetadata(""));
        client.ask(
                        client.anyNode(),
                        ApiKeys.OFFSET_COMMIT,
                        8,
                        new OffsetCommitRequestData().setGroupId(group).setTopics(List.of(asked)),
                        OffsetCommitResponseData.class)
                .whenComplete(
                        (answer, failure) -> {
                            boolean good =
                                    failure == null
                                            && answer.topics()
                                                            .getFirst()
                                                            .partitions()
                                                            .getFirst()
                                                            .errorCode()
                                                    == Errors.NONE.code();
                            if (good) {
                                acknowledged = offset;
                            } else {
                                unheard.add(offset);
                            }
                            client.run(this::think);
                        });
    }

    private void read() {
        boolean last = stopping;
        OffsetFetchRequestGroup asked =
                new OffsetFetchRequestGroup()
                        .setGroupId(group)
                        .setTopics(
                                List.of(
                                        new OffsetFetchRequestTopics()
                                                .setName(topic)
                                                .setPartitionIndexes(List.of(0))));
        client.ask(
                        client.anyNode(),
                        ApiKeys.OFFSET_FETCH,
                        8,
                        new OffsetFetchRequestData().setGroups(List.of(asked)),
                        OffsetFetchResponseData.class)
                .whenComplete(
                        (answer, failure) ->
                                client.run(
                                        () -> {
                                            if (failure == null) {
                                                onRead(last, answer);
                                            }
                                            think();
                                        }));
    }

    private void onRead(boolean last, OffsetFetchResponseData answer) {
        var said = answer.groups().getFirst();
        if (said.errorCode() != Errors.NONE.code()) {
            return;
        }
        var partition = said.topics().getFirst().partitions().getFirst();
        if (partition.errorCode() != Errors.NONE.code()) {
            return;
        }
        long found = partition.committedOffset();
        boolean isLast = acknowledged == 0 ? found == -1 : found == acknowledged;
        if (!isLast && !unheard.contains(found)) {
            throw new AssertionError(
                    "a committed offset changed: %s read %d after %d was acknowledged and %d sent"
                            .formatted(group, found, acknowledged, sent));
        }
        reads++;
        readAfterStop |= last;
    }
}
