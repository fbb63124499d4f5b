package io.headrace.standalone.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * How a program is run that refuses to run as root: as it is for an ordinary user; as {@code
 * nobody} where that user can reach the files; else in a user namespace of its own.
 *
 * @param prefix the words before the command
 * @param userId who owns the program's data; -1 for this process's user
 */
record Unprivileged(List<String> prefix, int userId) {
    private static final int NOBODY = 65_534;
    private static final long CHECK_SECONDS = 10;

    /**
     * Chooses the way.
     *
     * @param binary the program, which stands beside its data
     */
    static Unprivileged toRun(Path binary) throws IOException, InterruptedException {
        if (!isRoot()) {
            return new Unprivileged(List.of(), -1);
        }
        List<String> asNobody =
                List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
        if (works(asNobody, "test", "-x", binary.toString())) {
            return new Unprivileged(asNobody, NOBODY);
        }
        List<String> inNamespace = List.of("unshare", "--user");
        if (works(inNamespace, "test", "-x", binary.toString())) {
            return new Unprivileged(inNamespace, -1);
        }
        throw new IOException(
                "PostgreSQL does not run as root, and no other user can reach "
                        + binary
                        + ": choose another directory, or name a server of your own with"
                        + " --jdbc-url");
    }

    private static boolean isRoot() throws IOException {
        Path self = Path.of("/proc/self");
        return Files.exists(self)
                ? Objects.equals(Files.getAttribute(self, "unix:uid"), 0)
                : "root".equals(System.getProperty("user.name"));
    }

    private static boolean works(List<String> prefix, String... command)
            throws InterruptedException {
        try {
            Process process =
                    new ProcessBuilder(command(prefix, List.of(command)))
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (process.waitFor(CHECK_SECONDS, TimeUnit.SECONDS)) {
                return process.exitValue() == 0;
            }
            process.destroyForcibly();
            return false;
        } catch (IOException notInstalled) {
            return false;
        }
    }

    private static List<String> command(List<String> prefix, List<String> command) {
        return Stream.concat(prefix.stream(), command.stream()).toList();
    }

    /** A command with what makes it unprivileged before it. */
    List<String> run(List<String> command) {
        return command(prefix, command);
    }

    /** Gives a file or directory to the user that the program runs as. */
    void own(Path path) throws IOException {
        if (userId >= 0) {
            Files.setAttribute(path, "unix:uid", userId);
            Files.setAttribute(path, "unix:gid", userId);
        }
    }
}
