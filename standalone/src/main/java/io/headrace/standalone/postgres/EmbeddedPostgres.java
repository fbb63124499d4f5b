package io.headrace.standalone.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/**
 * A PostgreSQL server in a directory of its own.
 *
 * <pre>
 *   DIR/server   the unpacked binaries
 *   DIR/data     the database cluster
 * </pre>
 */
public final class EmbeddedPostgres {
    /** The superuser, who also owns the database. */
    public static final String USER = "headrace";

    private static final String DATABASE = "headrace";
    private static final long INIT_SECONDS = 120;
    private static final String MISSING_DATABASE = "3D000";

    private final Path directory;
    private final String host;
    private final int port;
    private final String password;

    /**
     * A server that may not exist yet.
     *
     * @param host the address that it is to listen on, of this machine only
     */
    public EmbeddedPostgres(Path directory, String host, int port, String password) {
        this.directory = directory.toAbsolutePath().normalize();
        this.host = host;
        this.port = port;
        this.password = password;
    }

    /** Unpacks the binaries and initialises the database cluster, where that is not done. */
    public void prepare() throws IOException, InterruptedException {
        Files.createDirectories(directory);
        Path server = directory.resolve("server");
        if (!Files.exists(server)) {
            Path unpacked = directory.resolve("server.new");
            delete(unpacked);
            Archive.unpack(Archive.resource(), unpacked);
            Files.move(unpacked, server, StandardCopyOption.ATOMIC_MOVE);
        }
        Path data = directory.resolve("data");
        if (!Files.exists(data)) {
            initialise(data);
        }
    }

    private void initialise(Path data) throws IOException, InterruptedException {
        Unprivileged user = Unprivileged.toRun(Path.of(binary("postgres")));
        Path fresh = directory.resolve("data.new");
        delete(fresh);
        Files.createDirectory(fresh);
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwx------"));
        Path secret = directory.resolve("password");
        Path said = directory.resolve("initdb.log");
        try {
            Files.deleteIfExists(secret);
            Files.createFile(
                    secret,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------")));
            Files.writeString(secret, password + "\n", StandardCharsets.UTF_8);
            user.own(secret);
            user.own(fresh);
            List<String> command =
                    List.of(
                            binary("initdb"),
                            "--pgdata=" + fresh,
                            "--username=" + USER,
                            "--pwfile=" + secret,
                            "--auth=scram-sha-256",
                            "--encoding=UTF8",
                            "--locale=C");
            Process process =
                    new ProcessBuilder(user.run(command))
                            .directory(directory.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(said.toFile())
                            .start();
            if (!process.waitFor(INIT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new IOException("PostgreSQL was not initialised: see " + said);
            }
        } finally {
            Files.deleteIfExists(secret);
        }
        // It listens on one address of this machine; whoever reaches that needs the password.
        Files.writeString(
                fresh.resolve("pg_hba.conf"),
                "host all all samenet scram-sha-256\n",
                StandardOpenOption.APPEND);
        Files.move(fresh, data, StandardCopyOption.ATOMIC_MOVE);
    }

    /** What runs the server in the foreground; {@link #prepare} comes first. */
    public List<String> command() throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(binary("postgres"));
        command.add("-D");
        command.add(directory.resolve("data").toString());
        for (String setting :
                List.of(
                        "port=" + port,
                        "listen_addresses=" + host,
                        "unix_socket_directories=",
                        "max_connections=60",
                        "shared_buffers=32MB",
                        "logging_collector=off",
                        "log_min_messages=warning")) {
            command.add("-c");
            command.add(setting);
        }
        return Unprivileged.toRun(Path.of(binary("postgres"))).run(command);
    }

    private String binary(String name) {
        return directory.resolve("server").resolve("bin").resolve(name).toString();
    }

    /** Where coordinators find it; user and password are not part of it. */
    public static String url(String host, int port) {
        return url(host, port, DATABASE);
    }

    private static String url(String host, int port, String database) {
        return "jdbc:postgresql://" + host + ":" + port + "/" + database;
    }

    /** Whether it takes connections; creates the database when it is not there. */
    public boolean isReady() {
        try {
            connect(DATABASE).close();
            return true;
        } catch (SQLException e) {
            return MISSING_DATABASE.equals(e.getSQLState()) && createDatabase();
        }
    }

    private boolean createDatabase() {
        try (Connection connection = connect("postgres");
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + DATABASE);
            return true;
        } catch (SQLException notYet) {
            return false;
        }
    }

    private Connection connect(String database) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", USER);
        properties.setProperty("password", password);
        properties.setProperty("connectTimeout", "2");
        properties.setProperty("socketTimeout", "5");
        return DriverManager.getConnection(url(host, port, database), properties);
    }

    private static void delete(Path path) throws IOException {
        if (!Files.exists(path)) {
            return;
        }
        try (var files = Files.walk(path)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
