package io.headrace.storage.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.protocol.metadata.record.ClusterRecord;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.FeatureRecord;
import io.headrace.protocol.metadata.record.TakeOverRecord;
import io.headrace.storage.forward.CoordinatorLinks;
import io.headrace.testkit.wait.Eventually;
import io.headrace.transport.auth.NodeAuthenticator;
import io.headrace.transport.channel.ChannelOptions;
import io.headrace.transport.loop.LoopGroup;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.FetchResponseData.EpochEndOffset;
import org.apache.kafka.common.message.FetchResponseData.LeaderIdAndEpoch;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** How a node follows the metadata through several coordinators. */
@Timeout(60)
class MetadataTailTest {
    private static final Duration LIMIT = Duration.ofSeconds(15);

    private final ScriptedCoordinator first = new ScriptedCoordinator();
    private final ScriptedCoordinator second = new ScriptedCoordinator();
    private final LoopGroup loops = LoopGroup.start("tail-test", 1);
    private final ClusterView view = new ClusterView();
    private final CoordinatorLinks links =
            new CoordinatorLinks(
                    List.<InetSocketAddress>of(first.address(), second.address()),
                    loops,
                    ChannelOptions.of("tail-test"),
                    new NodeAuthenticator(ScriptedCoordinator.SECRET, 1, "storage"),
                    view::image);
    private final MetadataTail tail =
            new MetadataTail(
                    view, links, (change, epoch) -> CompletableFuture.completedFuture(null));

    @AfterEach
    void stop() {
        tail.stop();
        links.close();
        loops.close();
        first.close();
        second.close();
    }

    private static CoordinatorRecord coordinator(int id, ScriptedCoordinator at) {
        return new CoordinatorRecord()
                .setCoordinatorId(id)
                .setIncarnationId(new Uuid(1, id))
                .setHost("127.0.0.1")
                .setPort(at.port());
    }

    private static TakeOverRecord takeOver(int id, long epoch) {
        return new TakeOverRecord()
                .setControllerId(id)
                .setControllerEpoch(epoch)
                .setTakeOverId(new Uuid(2, epoch));
    }

    /** A cluster whose controller is the first. */
    private List<ApiMessage> log() {
        List<ApiMessage> log = new ArrayList<>();
        log.add(new ClusterRecord().setClusterId("a cluster"));
        log.add(takeOver(1001, 1));
        log.add(coordinator(1001, first));
        log.add(coordinator(1002, second));
        return log;
    }

    private static PartitionData refused(PartitionData data, int leaderId) {
        return data.setErrorCode(Errors.NOT_LEADER_OR_FOLLOWER.code())
                .setCurrentLeader(new LeaderIdAndEpoch().setLeaderId(leaderId));
    }

    @Test
    void aStandbyBringsTheNodeUpToDateAndToTheController() {
        List<ApiMessage> old = log();
        List<ApiMessage> all = new ArrayList<>(old);
        all.add(takeOver(1002, 2));
        first.script =
                offset ->
                        view.image().nextOffset() < old.size()
                                ? ScriptedCoordinator.records(old, offset)
                                : refused(ScriptedCoordinator.records(all, offset), 1002);
        second.script = offset -> ScriptedCoordinator.records(all, offset);
        tail.start();
        Eventually.until(LIMIT, () -> view.image().controllerId() == 1002, "it knows");
        Eventually.until(LIMIT, () -> second.fetches.size() > 5, "it polls the controller");
        int asked = first.fetches.size();
        int polled = second.fetches.size();
        Eventually.until(LIMIT, () -> second.fetches.size() > polled + 10, "and goes on");
        assertThat(first.fetches).hasSizeLessThanOrEqualTo(asked + 1);
    }

    @Test
    void aControllerThatDiesIsLeftForTheOther() {
        List<ApiMessage> log = log();
        first.script = offset -> ScriptedCoordinator.records(log, offset);
        second.script = offset -> refused(ScriptedCoordinator.records(log, offset), 1001);
        tail.start();
        Eventually.until(LIMIT, () -> view.image().nextOffset() == log.size(), "it follows");
        assertThat(second.fetches).isEmpty();
        first.close();
        long closedNanos = System.nanoTime();
        Eventually.until(LIMIT, () -> !second.fetches.isEmpty(), "the other one is asked");
        assertThat(Duration.ofNanos(System.nanoTime() - closedNanos))
                .isLessThan(Duration.ofSeconds(3));
        List<ApiMessage> later = new ArrayList<>(log);
        later.add(takeOver(1002, 2));
        second.script = offset -> ScriptedCoordinator.records(later, offset);
        Eventually.until(LIMIT, () -> view.image().controllerId() == 1002, "it follows again");
    }

    /** A change that takes long to settle is not taken back by the answer to a registration. */
    @Test
    void aRegistrationTellsNobodyOfAnOlderImage() {
        List<ApiMessage> log = log();
        List<ApiMessage> longer = new ArrayList<>(log);
        longer.add(new FeatureRecord().setName("a").setLevel((short) 1));
        List<Long> told = new CopyOnWriteArrayList<>();
        List<Long> epochs = new CopyOnWriteArrayList<>();
        MetadataTail slow =
                new MetadataTail(
                        view,
                        links,
                        (change, epoch) -> {
                            told.add(change.after().nextOffset());
                            epochs.add(epoch);
                            return change.after().nextOffset() < longer.size()
                                    ? CompletableFuture.completedFuture(null)
                                    : new CompletableFuture<>();
                        });
        first.script = offset -> ScriptedCoordinator.records(log, offset);
        slow.start();
        Eventually.until(LIMIT, () -> view.image().nextOffset() == log.size(), "it follows");
        first.script = offset -> ScriptedCoordinator.records(longer, offset);
        Eventually.until(LIMIT, () -> told.contains((long) longer.size()), "it is told");
        slow.register(
                new Registration(
                        1,
                        new Uuid(3, 3),
                        "a cluster",
                        List.of(),
                        null,
                        List.of(new Uuid(4, 4)),
                        Map.of()));
        Eventually.until(
                LIMIT, () -> epochs.contains(ScriptedCoordinator.NODE_EPOCH), "it registers");
        assertThat(told).isSorted();
        slow.stop();
    }

    @Test
    void regressedMetadataChangesNothingAndIsNotAskedForInAHurry() {
        List<ApiMessage> log = log();
        log.add(new FeatureRecord().setName("a").setLevel((short) 1));
        first.script = offset -> ScriptedCoordinator.records(log, offset);
        tail.start();
        Eventually.until(LIMIT, () -> view.image().nextOffset() == log.size(), "it follows");
        var before = view.image();
        first.script =
                offset ->
                        new PartitionData()
                                .setDivergingEpoch(
                                        new EpochEndOffset().setEpoch(1).setEndOffset(2));
        int asked = first.fetches.size();
        long begunNanos = System.nanoTime();
        Eventually.until(LIMIT, () -> first.fetches.size() >= asked + 5, "it asks on");
        assertThat(Duration.ofNanos(System.nanoTime() - begunNanos))
                .isGreaterThan(Duration.ofSeconds(2));
        assertThat(view.image()).isEqualTo(before);
        log.add(new FeatureRecord().setName("b").setLevel((short) 1));
        first.script = offset -> ScriptedCoordinator.records(log, offset);
        Eventually.until(
                LIMIT, () -> view.image().nextOffset() == log.size(), "the mended one is followed");
    }
}
