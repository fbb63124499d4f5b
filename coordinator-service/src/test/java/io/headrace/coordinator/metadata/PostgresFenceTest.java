package io.headrace.coordinator.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.coordinator.cluster.topic.RandomIds;
import io.headrace.coordinator.metadata.FaultyCommits.Fate;
import io.headrace.coordinator.postgres.TestPostgres;
import io.headrace.protocol.metadata.MetadataBatches;
import io.headrace.protocol.metadata.MetadataImage;
import io.headrace.protocol.metadata.record.FeatureRecord;
import io.headrace.testkit.random.Seeded;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;

import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/** The fence on a real PostgreSQL: races, pauses, commits of unknown outcome. */
@Timeout(120)
class PostgresFenceTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private String name = "";

    @BeforeEach
    void makeDatabase() throws Exception {
        name = TestPostgres.newDatabase();
    }

    private Database open() {
        return Database.postgresql(
                TestPostgres.url(TestPostgres.port(), name), TestPostgres.USER, "");
    }

    @Seeded
    void controllersThatRaceLeaveOneHistory(RandomGenerator random) throws Exception {
        int racers = 3;
        Queue<LogRow> acknowledged = new ConcurrentLinkedQueue<>();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        try (Database first = open()) {
            first.migrate();
            new SqlStore(first.dataSource()).foundCluster("a cluster");
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < racers; i++) {
                int id = 1001 + i;
                SplittableRandom own = new SplittableRandom(random.nextLong());
                threads.add(
                        Thread.ofPlatform()
                                .start(
                                        () -> {
                                            try (Database database = open()) {
                                                race(
                                                        new SqlStore(database.dataSource()),
                                                        id,
                                                        own,
                                                        acknowledged);
                                            } catch (RuntimeException | Error e) {
                                                failures.add(e);
                                            }
                                        }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            checkHistory(new SqlStore(first.dataSource()), acknowledged);
        }
    }

    /** Takes the role again and again and writes until deposed, as racing controllers would. */
    private static void race(
            SqlStore store, int id, SplittableRandom random, Queue<LogRow> acknowledged) {
        for (int round = 0; round < 15; round++) {
            TakeOver takeOver = null;
            while (takeOver == null) {
                ControllerRow seen = Objects.requireNonNull(store.readController());
                try {
                    takeOver = store.takeOver(seen, id, RandomIds.next(random), 0);
                } catch (DataAccessException e) {
                    // Lock timeout: the row is much asked for here.
                }
            }
            ControllerRow own = Objects.requireNonNull(store.readController());
            long nextOffset = own.nextOffset();
            boolean holds = own.controllerEpoch() == takeOver.controllerEpoch();
            for (int i = random.nextInt(12); i > 0 && holds; i--) {
                List<ApiMessage> records = new ArrayList<>();
                for (int k = random.nextInt(3); k >= 0; k--) {
                    records.add(
                            new FeatureRecord()
                                    .setName("by-" + id + "-" + k)
                                    .setLevel((short) random.nextInt(1, 9)));
                }
                LogRow row = SqlStore.logRow(takeOver, nextOffset, records, 0);
                holds = store.append(row, records, topicId -> "");
                if (holds) {
                    acknowledged.add(row);
                    nextOffset = row.nextOffset();
                }
            }
        }
    }

    private static void checkHistory(SqlStore store, Queue<LogRow> acknowledged) {
        List<LogRow> rows = store.readLog(0, 100_000);
        long next = 0;
        long epoch = 0;
        MetadataLog replayed = new MetadataLog();
        for (LogRow row : rows) {
            assertThat(row.baseOffset()).as("no gap, no overlap").isEqualTo(next);
            assertThat(row.controllerEpoch()).as("epochs never fall").isGreaterThanOrEqualTo(epoch);
            next = row.nextOffset();
            epoch = row.controllerEpoch();
        }
        for (LogRow row : acknowledged) {
            assertThat(rows).as("what was acknowledged is there").contains(row);
        }
        ControllerRow end = Objects.requireNonNull(store.readController());
        assertThat(end.nextOffset()).isEqualTo(next);
        new LogTail(store, replayed).follow(end);
        MetadataImage tables = replayed.image();
        assertThat(tables.nextOffset()).isEqualTo(next);
        assertThat(replay(rows)).isEqualTo(tables);
    }

    private static MetadataImage replay(List<LogRow> rows) {
        MetadataImage image = MetadataImage.EMPTY;
        try {
            for (LogRow row : rows) {
                image = image.applyAll(MetadataBatches.decode(row.batch()), row.nextOffset());
            }
        } catch (io.headrace.protocol.codec.MalformedFrameException e) {
            throw new AssertionError(e);
        }
        return image;
    }

    @Test
    void sessionsCannotHoldTheRowWhileTheyAreIdle() throws Exception {
        try (Database paused = open();
                Database other = open()) {
            paused.migrate();
            SqlStore store = new SqlStore(other.dataSource());
            store.foundCluster("a cluster");
            ControllerRow seen = Objects.requireNonNull(store.readController());
            try (Connection connection = paused.dataSource().getConnection();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.execute("UPDATE controller SET touch_count = touch_count + 1");
                long begunNanos = System.nanoTime();
                Eventually.until(
                        LIMIT,
                        () ->
                                store.takeOver(
                                                seen,
                                                1002,
                                                RandomIds.next(new SplittableRandom(1)),
                                                0)
                                        != null,
                        "another coordinator gets the row");
                assertThat(Duration.ofNanos(System.nanoTime() - begunNanos))
                        .isLessThan(Duration.ofSeconds(4));
            } catch (java.sql.SQLException expected) {
                // The server has ended this session.
            }
            assertThat(Objects.requireNonNull(store.readController()).ownerId()).isEqualTo(1002);
        }
    }

    @Test
    void sessionsAreSetUpAsDesigned() {
        try (Database database = open()) {
            JdbcTemplate jdbc = new JdbcTemplate(database.dataSource());
            for (String setting :
                    List.of(
                            "idle_in_transaction_session_timeout",
                            "lock_timeout",
                            "tcp_user_timeout")) {
                assertThat(jdbc.queryForObject("SHOW " + setting, String.class))
                        .as(setting)
                        .isIn("1s", "1000ms", "1000");
            }
        }
    }

    @Seeded
    void commitsOfUnknownOutcomeAreMadeOnce(RandomGenerator random) throws Exception {
        SplittableRandom fates = new SplittableRandom(random.nextLong());
        try (Database database = open()) {
            database.migrate(); // Flyway has its own way with faults
        }
        try (TestController controller =
                new TestController(
                        1001,
                        name,
                        real ->
                                FaultyCommits.over(
                                        real,
                                        () ->
                                                switch (fates.nextInt(4)) {
                                                    case 0 -> Fate.DONE_AND_LOST;
                                                    case 1 -> Fate.LOST_AND_NOT_DONE;
                                                    default -> Fate.DONE_AND_ANSWERED;
                                                }))) {
            controller.start();
            Eventually.until(LIMIT, () -> controller.controller().mayDecide(), "active");
            controller.registerNode(1);
            for (int i = 0; i < 30; i++) {
                assertThat(controller.createTopic("topic-" + i).get(20, TimeUnit.SECONDS))
                        .isEqualTo(Errors.NONE);
            }
            MetadataImage image = controller.controller().metadataLog().image();
            assertThat(image.topicIds()).hasSize(30);
            try (Database database = open()) {
                SqlStore store = new SqlStore(database.dataSource());
                MetadataLog fresh = new MetadataLog();
                new LogTail(store, fresh).follow(Objects.requireNonNull(store.readController()));
                assertThat(fresh.image()).isEqualTo(image);
                assertThat(replay(store.readLog(0, 10_000))).isEqualTo(image);
            }
        }
    }
}
