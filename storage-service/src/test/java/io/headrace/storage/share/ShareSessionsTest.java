package io.headrace.storage.share;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The share sessions of KIP-932, and the settings of a share group. */
class ShareSessionsTest {
    private static final Uuid TOPIC = new Uuid(1, 2);
    private static final ShareSessionKey MEMBER = new ShareSessionKey("g", "m");

    private final ShareSessions sessions = new ShareSessions(2, 10);

    private static SharedPartition partition(int index) {
        return new SharedPartition(TOPIC, index);
    }

    private ShareSessions.Opened fetch(ShareSessionKey key, int epoch, Integer... partitions) {
        return sessions.fetch(
                key,
                epoch,
                List.of(partitions).stream().map(ShareSessionsTest::partition).toList(),
                List.of(),
                false);
    }

    @Test
    void epochsCountTheRequestsOfASession() {
        assertThat(fetch(MEMBER, 0, 1, 2).partitions()).containsExactly(partition(1), partition(2));
        assertThat(fetch(MEMBER, 1, 3).partitions()).hasSize(3);
        assertThat(fetch(MEMBER, 1).error()).isEqualTo(Errors.INVALID_SHARE_SESSION_EPOCH);
        assertThat(sessions.acknowledge(MEMBER, 2).error()).isEqualTo(Errors.NONE);
        assertThat(sessions.acknowledge(MEMBER, 0).error())
                .isEqualTo(Errors.INVALID_SHARE_SESSION_EPOCH);
        var forgetting =
                sessions.fetch(MEMBER, 3, List.of(partition(4)), List.of(partition(1)), true);
        assertThat(forgetting.partitions())
                .containsExactly(partition(2), partition(3), partition(4));
    }

    @Test
    void theLastRequestEndsTheSession() {
        fetch(MEMBER, 0, 1, 2);
        ShareSessions.Opened last = sessions.acknowledge(MEMBER, -1);
        assertThat(last.error()).isEqualTo(Errors.NONE);
        assertThat(Objects.requireNonNull(last.ended()).partitions()).hasSize(2);
        assertThat(fetch(MEMBER, 1).error()).isEqualTo(Errors.SHARE_SESSION_NOT_FOUND);
        assertThat(sessions.acknowledge(MEMBER, -1).error())
                .isEqualTo(Errors.SHARE_SESSION_NOT_FOUND);
        assertThat(sessions.size()).isZero();
    }

    @Test
    void aNewSessionEndsTheOldOne() {
        ShareSession first = Objects.requireNonNull(fetch(MEMBER, 0, 1).session());
        ShareSessions.Opened second = fetch(MEMBER, 0, 2);
        assertThat(Objects.requireNonNull(second.ended()).session()).isSameAs(first);
        assertThat(sessions.endIfCurrent(first)).isNull();
        assertThat(sessions.endIfCurrent(Objects.requireNonNull(second.session()))).isNotNull();
    }

    @Test
    void aFirstFetchCannotAcknowledge() {
        assertThat(sessions.fetch(MEMBER, 0, List.of(), List.of(), true).error())
                .isEqualTo(Errors.INVALID_REQUEST);
    }

    @Test
    void sessionsAndTheirPartitionsAreBounded() {
        fetch(MEMBER, 0, 1);
        ShareSessionKey other = new ShareSessionKey("g", "n");
        assertThat(fetch(other, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10).error())
                .isEqualTo(Errors.SHARE_SESSION_LIMIT_REACHED);
        assertThat(fetch(other, 0, 1).error()).isEqualTo(Errors.NONE);
        assertThat(fetch(new ShareSessionKey("h", "n"), 0, 1).error())
                .isEqualTo(Errors.SHARE_SESSION_LIMIT_REACHED);
    }

    @Test
    void settingsComeFromTheGroupsConfigs() {
        assertThat(ShareSettings.of(Map.of())).isEqualTo(ShareSettings.DEFAULT);
        assertThat(
                        ShareSettings.of(
                                Map.of(
                                        "share.record.lock.duration.ms",
                                        "15000",
                                        "share.delivery.count.limit",
                                        "nonsense",
                                        "share.isolation.level",
                                        "read_committed",
                                        "share.renew.acknowledge.enable",
                                        "false",
                                        "share.auto.offset.reset",
                                        "by_duration:PT1H")))
                .isEqualTo(
                        new ShareSettings(
                                15_000,
                                5,
                                2_000,
                                true,
                                false,
                                new OffsetReset.ByDuration(Duration.ofHours(1))));
    }
}
