package io.headrace.coordinator.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Objects;

/** The tables' version: looked at first, and brought up to date only where it is not. */
@Timeout(60)
class DatabaseTest {
    private static final String HISTORY = "\"flyway_schema_history\"";

    @TempDir private Path directory;

    private static void execute(Database database, String sql) throws SQLException {
        try (Connection connection = database.dataSource().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static String newestIn(Database database) throws SQLException {
        try (Connection connection = database.dataSource().getConnection();
                Statement statement = connection.createStatement();
                ResultSet history =
                        statement.executeQuery(
                                "SELECT \"version\" FROM "
                                        + HISTORY
                                        + " ORDER BY \"installed_rank\" DESC")) {
            assertThat(history.next()).isTrue();
            return history.getString(1);
        }
    }

    @Test
    void theVersionOfANewDatabaseIsThatOfTheLastScript() throws Exception {
        URI folder =
                Objects.requireNonNull(Database.class.getResource("/io/headrace/coordinator/sql"))
                        .toURI();
        List<Integer> scripts;
        try (var files = Files.list(Path.of(folder))) {
            scripts =
                    files.map(file -> file.getFileName().toString())
                            .map(name -> Integer.parseInt(name.substring(1, name.indexOf("__"))))
                            .sorted()
                            .toList();
        }
        try (Database database = Database.embedded(directory)) {
            database.migrate();
            assertThat(newestIn(database)).isEqualTo("" + scripts.getLast());
        }
    }

    @Test
    void tablesOfTheNewestVersionAreLeftAlone() throws Exception {
        try (Database database = Database.embedded(directory)) {
            database.migrate();
            // Flyway would refuse a script that is not what it was.
            execute(database, "UPDATE " + HISTORY + " SET \"checksum\" = 1");
        }
        try (Database database = Database.embedded(directory)) {
            database.migrate();
        }
    }

    @Test
    void tablesOfAnotherVersionAreLookedAtByFlyway() throws Exception {
        try (Database database = Database.embedded(directory)) {
            database.migrate();
            execute(database, "UPDATE " + HISTORY + " SET \"checksum\" = 1");
            execute(
                    database,
                    "DELETE FROM "
                            + HISTORY
                            + " WHERE \"installed_rank\" = (SELECT MAX(\"installed_rank\") FROM "
                            + HISTORY
                            + ")");
            assertThatThrownBy(database::migrate).hasMessageContaining("checksum");
        }
    }
}
