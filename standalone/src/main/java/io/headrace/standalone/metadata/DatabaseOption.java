package io.headrace.standalone.metadata;

import io.headrace.coordinator.metadata.Database;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.nio.file.Files;
import java.nio.file.Path;

/** Which database, for every command that works on one. */
final class DatabaseOption {
    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init") // set by picocli
    private CommandSpec spec;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            description =
                    "The coordinator's directory with its embedded database, such as"
                            + " data/coordinator.")
    private @Nullable Path directory;

    @Option(
            names = "--url",
            paramLabel = "JDBC-URL",
            description = "PostgreSQL, as jdbc:postgresql://HOST/DATABASE.")
    private @Nullable String url;

    @Option(names = "--user", paramLabel = "NAME", description = "The user of PostgreSQL.")
    private String user = "";

    @Option(
            names = "--password",
            paramLabel = "PASSWORD",
            defaultValue = "${env:HEADRACE_DATABASE_PASSWORD:-}",
            description = "Its password. Default: $HEADRACE_DATABASE_PASSWORD.")
    private String password = "";

    /**
     * Opens it.
     *
     * @param mayBeNew whether an embedded database is made where there is none
     */
    Database open(boolean mayBeNew) {
        Path given = directory;
        String address = url;
        if ((given == null) == (address == null)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "Give either --data DIR or --url JDBC-URL.");
        }
        if (address != null) {
            return Database.postgresql(address, user, password);
        }
        if (given != null && !mayBeNew && !Files.isDirectory(given)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "There is no directory " + given + ".");
        }
        return Database.embedded(java.util.Objects.requireNonNull(given));
    }
}
