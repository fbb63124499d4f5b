package io.headrace.coordinator.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.metadata.Database;
import io.headrace.coordinator.postgres.DatabaseLink;
import io.headrace.coordinator.postgres.TestPostgres;
import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.MessageWriter;
import io.headrace.protocol.codec.RecordsField;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.FetchResponseData.PartitionData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What a coordinator that is not the active controller says, and what only the active one may. */
@Timeout(120)
class StandbyServingTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final DatabaseLink standbyLink = new DatabaseLink(TestPostgres.port());

    @SuppressWarnings("NullAway.Init") // set before each test
    private CoordinatorFixture active;

    @SuppressWarnings("NullAway.Init") // set before each test
    private CoordinatorFixture standby;

    @BeforeEach
    void start() throws Exception {
        String database = TestPostgres.newDatabase();
        active = fixture(1001, TestPostgres.port(), database);
        Eventually.until(LIMIT, () -> active.controller().mayDecide(), "the first is active");
        standby = fixture(1002, standbyLink.port(), database);
        Eventually.until(
                LIMIT,
                () -> {
                    MetadataImage known = active.controller().metadataLog().image();
                    return known.coordinators().containsKey(1002)
                            && known.equals(standby.controller().metadataLog().image());
                },
                "the second is known and follows");
    }

    private static CoordinatorFixture fixture(int id, int port, String database) throws Exception {
        return new CoordinatorFixture(
                id,
                () -> Database.postgresql(TestPostgres.url(port, database), TestPostgres.USER, ""),
                ClusterRules.defaults(),
                List.of());
    }

    @AfterEach
    void stop() throws Exception {
        standbyLink.mend();
        standby.close();
        active.close();
        standbyLink.close();
    }

    private static boolean hasRecords(PartitionData data) {
        ByteBuffer bytes = RecordsField.bytes(data.records());
        return bytes != null && bytes.hasRemaining();
    }

    private static PartitionData get(NodeFake node, long offset, Uuid takeOverId) throws Exception {
        return node.fetch(offset, takeOverId, 0).get(10, TimeUnit.SECONDS);
    }

    @Test
    void anObserverMayFollowAStandby() throws Exception {
        NodeFake observer = standby.node(7);
        PartitionData first = get(observer, 0, Uuid.ZERO_UUID);
        assertThat(Errors.forCode(first.errorCode())).isEqualTo(Errors.NONE);
        observer.apply(first);
        assertThat(observer.image()).isEqualTo(active.controller().metadataLog().image());
        var next = observer.fetch(10_000);
        active.node(1).register();
        assertThat(hasRecords(next.get(10, TimeUnit.SECONDS))).isTrue();
    }

    @Test
    void aRegisteredNodeIsToldWhoIsActiveAndWhatItMisses() throws Exception {
        NodeFake node = active.node(1);
        node.register();
        node.apply(get(node, 0, Uuid.ZERO_UUID));
        active.node(2).register();
        long end = active.controller().metadataLog().nextOffset();
        Eventually.until(
                LIMIT, () -> standby.controller().metadataLog().nextOffset() == end, "it knows");
        NodeFake same = standby.node(1).registeredAs(node);
        PartitionData refused = get(same, node.image().nextOffset(), node.image().takeOverId());
        assertThat(Errors.forCode(refused.errorCode())).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
        assertThat(refused.currentLeader().leaderId()).isEqualTo(1001);
        node.apply(refused);
        assertThat(node.image().nodes()).containsKey(2);
    }

    @Test
    void aStandbyThatHearsNothingFromTheDatabaseServesNobody() throws Exception {
        NodeFake observer = standby.node(7);
        standbyLink.hang();
        Eventually.until(LIMIT, () -> !standby.controller().isFresh(), "2 s without SQL");
        PartitionData refused = get(observer, 0, Uuid.ZERO_UUID);
        assertThat(Errors.forCode(refused.errorCode())).isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
        assertThat(hasRecords(refused)).isFalse();
        standbyLink.mend();
        Eventually.until(LIMIT, () -> standby.controller().isFresh(), "it hears again");
        assertThat(hasRecords(get(observer, 0, Uuid.ZERO_UUID))).isTrue();
    }

    @Test
    void onlyTheActiveOneSaysThatMetadataHasRegressed() throws Exception {
        Uuid foreign = Uuid.randomUuid();
        long end = active.controller().metadataLog().nextOffset();
        for (long offset : List.of(end, end + 1_000)) {
            PartitionData fromStandby = get(standby.node(7), offset, foreign);
            assertThat(Errors.forCode(fromStandby.errorCode()))
                    .isEqualTo(Errors.NOT_LEADER_OR_FOLLOWER);
            assertThat(fromStandby.divergingEpoch().endOffset()).isEqualTo(-1);
            PartitionData fromActive = get(active.node(7), offset, foreign);
            assertThat(Errors.forCode(fromActive.errorCode())).isEqualTo(Errors.NONE);
            assertThat(fromActive.divergingEpoch().endOffset()).isEqualTo(end);
        }
    }

    @Test
    void adminRequestsAreForTheActiveOne() throws Exception {
        var request =
                MessageWriter.request(
                        ApiCatalog.get(ApiKeys.CREATE_TOPICS),
                        (short) 7,
                        1,
                        "a client",
                        new CreateTopicsRequestData());
        var answer = standby.node(1).envelope(request).get(10, TimeUnit.SECONDS);
        assertThat(Errors.forCode(answer.errorCode())).isEqualTo(Errors.NOT_CONTROLLER);
    }
}
