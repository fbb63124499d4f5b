package io.headrace.coordinator.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.coordinator.cluster.ClusterRules;
import io.headrace.coordinator.cluster.CoordinatorIdentity;
import io.headrace.coordinator.postgres.TestPostgres;
import io.headrace.testkit.wait.Eventually;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.NotControllerException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.jdbc.datasource.DelegatingDataSource;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import javax.sql.DataSource;

/**
 * A controller that slept through its lease and learns, in the middle of its work, that another one
 * has the role. Its thread is the test's, so that news come exactly while it asks SQL.
 */
@Timeout(120)
class DeposedControllerTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int NODE = 1;

    private String url = "";
    private String name = "";
    private Database database = Database.postgresql("jdbc:postgresql://localhost/none", "", "");
    private Controller sleeper = new Controller(options(database));
    private Runnable whileSqlIsAsked = () -> {};

    private static ControllerOptions options(Database database) {
        return ControllerOptions.of(1001, ClusterRules.defaults(), () -> database, new Random(1));
    }

    @BeforeEach
    void begin() throws Exception {
        database.close();
        name = TestPostgres.newDatabase();
        url = TestPostgres.url(TestPostgres.port(), name);
        database = Database.postgresql(url, TestPostgres.USER, "");
        database.migrate();
        sleeper = new Controller(options(database));
        sleeper.startStepped(
                new CoordinatorIdentity(1001, Uuid.randomUuid(), "localhost", 9001, Map.of()),
                () -> true,
                new SqlStore(hooked(database.dataSource())));
        stepUntilActive();
    }

    @AfterEach
    void end() {
        database.close();
    }

    private DataSource hooked(DataSource real) {
        return new DelegatingDataSource(real) {
            @Override
            public Connection getConnection() throws SQLException {
                whileSqlIsAsked.run();
                return super.getConnection();
            }
        };
    }

    private void stepUntilActive() {
        Eventually.until(
                LIMIT,
                () -> {
                    sleeper.step();
                    return sleeper.mayDecide();
                },
                "this controller has the role");
    }

    /** Another coordinator takes the role while this one sleeps, and leaves it again later. */
    private void deposeWhile(Runnable duringSql) throws IOException {
        try (TestController other = new TestController(1002, name).start()) {
            Eventually.until(LIMIT, other.controller()::mayDecide, "the other has the role");
            whileSqlIsAsked = duringSql;
            Eventually.until(
                    LIMIT,
                    () -> {
                        sleeper.step();
                        return !sleeper.isActive();
                    },
                    "this controller knows that it is deposed");
            whileSqlIsAsked = () -> {};
        }
    }

    private CompletableFuture<?> register() {
        return sleeper.submit(TestController.registration(NODE, Uuid.randomUuid()));
    }

    private void poll() {
        var image = sleeper.metadataLog().image();
        var node = image.nodes().get(NODE);
        if (node != null) {
            sleeper.onPoll(NODE, node.nodeEpoch(), image.nextOffset());
        }
    }

    private boolean isFenced() {
        return Objects.requireNonNull(sleeper.metadataLog().image().nodes().get(NODE)).fenced();
    }

    @Test
    void pollsThatCameWhileItWasDeposedDoNotDeafenItLater() throws Exception {
        CompletableFuture<?> registered = register();
        sleeper.step();
        assertThat(registered).isCompleted();
        deposeWhile(this::poll);
        stepUntilActive();
        CompletableFuture<?> again = register();
        sleeper.step();
        assertThat(again).isCompleted();
        assertThat(isFenced()).isTrue();
        poll();
        sleeper.step();
        assertThat(isFenced()).as("fenced, though it polls").isFalse();
    }

    @Test
    void whatItHadTakenUpIsRefused() throws Exception {
        CompletableFuture<?> asked = register();
        deposeWhile(() -> {});
        assertThatThrownBy(() -> asked.get(1, TimeUnit.SECONDS))
                .hasCauseInstanceOf(NotControllerException.class);
    }
}
