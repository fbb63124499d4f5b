package io.headrace.standalone.postgres;

import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Locale;

/** The binaries for this machine, a compressed archive on the class path. */
final class Archive {
    private Archive() {}

    /**
     * The archive's name for this operating system and processor.
     *
     * @throws IOException if there is none
     */
    static String resource() throws IOException {
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String processor = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        boolean arm = processor.equals("aarch64") || processor.equals("arm64");
        String name =
                "/postgres-"
                        + (system.startsWith("mac") ? "darwin" : system)
                        + "-"
                        + (arm ? "arm_64" : "x86_64")
                        + ".txz";
        if (Archive.class.getResource(name) == null) {
            throw new IOException(
                    "There are no embedded PostgreSQL binaries for "
                            + system
                            + " on "
                            + processor
                            + ": name a server of your own with --jdbc-url");
        }
        return name;
    }

    /** Unpacks what a server needs: no headers, no static libraries. */
    static void unpack(String resource, Path target) throws IOException {
        try (InputStream packed = Archive.class.getResourceAsStream(resource)) {
            if (packed == null) {
                throw new IOException(resource + " is not on the class path");
            }
            try (TarArchiveInputStream tar =
                    new TarArchiveInputStream(new XZCompressorInputStream(packed))) {
                for (TarArchiveEntry entry = tar.getNextEntry();
                        entry != null;
                        entry = tar.getNextEntry()) {
                    Path path = target.resolve(entry.getName()).normalize();
                    if (!path.startsWith(target)) {
                        throw new IOException(resource + " names a file outside: " + path);
                    }
                    if (!entry.getName().endsWith(".a")) {
                        write(tar, entry, path);
                    }
                }
            }
        }
    }

    private static void write(TarArchiveInputStream tar, TarArchiveEntry entry, Path path)
            throws IOException {
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            return;
        }
        Files.createDirectories(path.resolveSibling("."));
        if (entry.isSymbolicLink()) {
            Files.deleteIfExists(path);
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else {
            Files.copy(tar, path, StandardCopyOption.REPLACE_EXISTING);
            boolean executable = (entry.getMode() & 0100) != 0;
            Files.setPosixFilePermissions(
                    path, PosixFilePermissions.fromString(executable ? "rwxr-xr-x" : "rw-r--r--"));
        }
    }
}
