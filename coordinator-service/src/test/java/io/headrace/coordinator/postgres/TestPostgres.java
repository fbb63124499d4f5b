package io.headrace.coordinator.postgres;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;

import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** One PostgreSQL server for all tests of this JVM, with a database for each that asks. */
public final class TestPostgres {
    public static final String USER = "postgres";

    private static final AtomicInteger DATABASES = new AtomicInteger();
    private static @Nullable EmbeddedPostgres server;

    private TestPostgres() {}

    /**
     * Makes a new, empty database.
     *
     * @return its name
     * @throws TestAbortedException where no server can run, unless tools are required
     */
    public static String newDatabase() throws SQLException {
        String name = "test_" + DATABASES.incrementAndGet();
        try (Connection connection = running().getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        }
        return name;
    }

    public static int port() {
        return running().getPort();
    }

    /** The URL of a database through a port: the server's own, or that of a link to it. */
    public static String url(int port, String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database;
    }

    private static synchronized EmbeddedPostgres running() {
        EmbeddedPostgres known = server;
        if (known != null) {
            return known;
        }
        try {
            EmbeddedPostgres started =
                    EmbeddedPostgres.builder()
                            .setServerConfig("fsync", "off")
                            .setServerConfig("max_connections", "60")
                            .setPGStartupWait(Duration.ofSeconds(60))
                            .start();
            server = started;
            return started;
        } catch (IOException | IllegalStateException e) {
            if (Boolean.parseBoolean(System.getenv("HEADRACE_REQUIRE_TOOLS"))) {
                throw new IllegalStateException("PostgreSQL is required and does not start", e);
            }
            throw new TestAbortedException("PostgreSQL does not start here: nothing is shown", e);
        }
    }
}
