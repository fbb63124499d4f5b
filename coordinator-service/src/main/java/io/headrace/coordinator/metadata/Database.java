package io.headrace.coordinator.metadata;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;

import javax.sql.DataSource;

/**
 * The SQL database: embedded in a directory that this process holds locked, or PostgreSQL by URL.
 *
 * <p>The embedded one is HSQLDB, told to force every commit to the device before it is answered.
 * Its tables are in memory and its files a log of changes, so opening it costs what it holds.
 */
public final class Database implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Database.class);
    private static final int POOL_SIZE = 2;

    /** The newest version of the tables: that of the last script in the folder {@code sql}. */
    private static final String SCHEMA_VERSION = "4";

    private final HikariDataSource pool;
    private final DataSource dataSource;
    private final boolean embedded;
    private final String bytesType;
    private final @Nullable DirectoryLock lock;

    private Database(
            HikariConfig config, boolean embedded, String bytesType, @Nullable DirectoryLock lock) {
        this.pool = new HikariDataSource(config);
        this.dataSource = pool;
        this.embedded = embedded;
        this.bytesType = bytesType;
        this.lock = lock;
    }

    private Database(Database other, DataSource seenAs) {
        this.pool = other.pool;
        this.dataSource = seenAs;
        this.embedded = other.embedded;
        this.bytesType = other.bytesType;
        this.lock = other.lock;
    }

    /** The same database behind something that stands between, such as a fault. */
    Database seenThrough(UnaryOperator<DataSource> between) {
        return new Database(this, between.apply(pool));
    }

    /**
     * Opens the embedded database in a directory, which is made when absent.
     *
     * @throws UncheckedIOException if the directory is not writable or another process has it; the
     *     message says so in one line
     */
    public static Database embedded(Path directory) {
        DirectoryLock lock = DirectoryLock.take(directory);
        try {
            HikariConfig config = pool();
            // The lock above outlives no process; HSQLDB's own one delays a start after a crash.
            config.setJdbcUrl(
                    "jdbc:hsqldb:file:"
                            + directory.resolve("metadata").toAbsolutePath()
                            + ";hsqldb.lock_file=false;hsqldb.log_size=16;shutdown=false");
            config.setUsername("SA");
            config.setPassword("");
            config.setConnectionInitSql("SET FILES WRITE DELAY FALSE");
            // Nothing but this process's own work is waited for; a broken file fails at once.
            config.setConnectionTimeout(Duration.ofSeconds(30).toMillis());
            config.setInitializationFailTimeout(1);
            return new Database(config, true, "VARBINARY(16777216)", lock);
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /**
     * Opens PostgreSQL, or an engine that speaks its dialect.
     *
     * @param url {@code jdbc:postgresql://host/database}
     */
    public static Database postgresql(String url, String user, String password) {
        HikariConfig config = pool();
        config.setJdbcUrl(url);
        config.setUsername(user);
        config.setPassword(password);
        // A paused controller must not hold its row.
        config.addDataSourceProperty(
                "options",
                "-c idle_in_transaction_session_timeout=1000 -c lock_timeout=1000"
                        + " -c tcp_user_timeout=1000");
        config.addDataSourceProperty("ApplicationName", "headrace-coordinator");
        config.addDataSourceProperty("connectTimeout", "2");
        config.addDataSourceProperty("loginTimeout", "2");
        config.addDataSourceProperty("socketTimeout", "10");
        config.addDataSourceProperty("tcpKeepAlive", "true");
        config.addDataSourceProperty("reWriteBatchedInserts", "true");
        config.setKeepaliveTime(0);
        config.setValidationTimeout(Duration.ofSeconds(1).toMillis());
        return new Database(config, false, "BYTEA", null);
    }

    private static HikariConfig pool() {
        HikariConfig config = new HikariConfig();
        config.setPoolName("metadata");
        config.setMaximumPoolSize(POOL_SIZE);
        config.setMinimumIdle(1);
        config.setConnectionTimeout(Duration.ofSeconds(2).toMillis());
        config.setInitializationFailTimeout(-1);
        config.setAutoCommit(true);
        return config;
    }

    /** Brings the tables to the newest version. */
    public void migrate() {
        if (isCurrent()) {
            return; // what Flyway takes to say the same is a good part of a start
        }
        Flyway.configure(Database.class.getClassLoader())
                .dataSource(dataSource)
                .locations("classpath:io/headrace/coordinator/sql")
                .placeholders(Map.of("bytes", bytesType))
                // A lock held by an idle transaction would be cut off by the session's timeout.
                .configuration(Map.of("flyway.postgresql.transactional.lock", "false"))
                .load()
                .migrate();
    }

    private boolean isCurrent() {
        String newest =
                "SELECT \"version\", \"success\" FROM \"flyway_schema_history\""
                        + " ORDER BY \"installed_rank\" DESC";
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet history = statement.executeQuery(newest)) {
            return history.next()
                    && SCHEMA_VERSION.equals(history.getString(1))
                    && history.getBoolean(2);
        } catch (SQLException e) {
            log.debug("No version of the tables can be read; Flyway is to find out why", e);
            return false;
        }
    }

    /** Whether no other process can open this database while this one has it. */
    public boolean isExclusive() {
        return embedded;
    }

    /** Whether a failure to use a database may go away by itself: it was the database's. */
    static boolean mayBeMended(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException) {
                return true;
            }
        }
        return false;
    }

    /** Why the database could not be used, in one line. */
    static String reasonOf(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause.getMessage();
        return message == null
                ? cause.toString()
                : message.lines().findFirst().orElse(cause.toString());
    }

    public DataSource dataSource() {
        return dataSource;
    }

    /**
     * Closes the embedded database's files in order, so that the next start has nothing to redo.
     */
    @Override
    public void close() {
        if (embedded) {
            try (Connection connection = dataSource.getConnection();
                    Statement statement = connection.createStatement()) {
                statement.execute("SHUTDOWN");
            } catch (SQLException e) {
                log.warn(
                        "The embedded database did not shut down; it recovers at the next start",
                        e);
            }
        }
        pool.close();
        if (lock != null) {
            lock.close();
        }
    }

    /** An exclusive lock on a directory that ends with the process. */
    private record DirectoryLock(FileChannel channel) implements AutoCloseable {
        static DirectoryLock take(Path directory) {
            Path file = directory.resolve("lock");
            FileChannel channel = null;
            try {
                Files.createDirectories(directory);
                channel =
                        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock();
                if (lock == null) {
                    channel.close();
                    throw inUse(directory);
                }
                return new DirectoryLock(channel);
            } catch (OverlappingFileLockException e) {
                closeQuietly(channel);
                throw inUse(directory);
            } catch (IOException e) {
                String what = "Cannot write to the data directory " + directory;
                throw new UncheckedIOException(what, new IOException(what + ": " + e, e));
            }
        }

        private static UncheckedIOException inUse(Path directory) {
            String what =
                    "The data directory "
                            + directory
                            + " is in use by another process: stop it or choose another directory";
            return new UncheckedIOException(what, new IOException(what));
        }

        private static void closeQuietly(@Nullable FileChannel channel) {
            if (channel != null) {
                try {
                    channel.close();
                } catch (IOException e) {
                    log.debug("Closing a lock file", e);
                }
            }
        }

        @Override
        public void close() {
            closeQuietly(channel);
        }
    }
}
