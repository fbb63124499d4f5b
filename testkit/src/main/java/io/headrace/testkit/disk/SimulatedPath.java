package io.headrace.testkit.disk;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.URI;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;

/**
 * A path on a {@link SimulatedDisk}.
 *
 * <p>The algebra of names is the default file system's; the working directory is the root.
 */
final class SimulatedPath implements Path {
    private final SimulatedFileSystem fileSystem;
    private final Path names;

    SimulatedPath(SimulatedFileSystem fileSystem, Path names) {
        this.fileSystem = fileSystem;
        this.names = names;
    }

    /** The absolute, normal form in which a {@link Volume} knows its files. */
    Path inVolume() {
        return Path.of("/").resolve(names).normalize();
    }

    private Path of(Path path) {
        return new SimulatedPath(fileSystem, path);
    }

    private @Nullable Path ofNullable(@Nullable Path path) {
        return path == null ? null : of(path);
    }

    private Path namesOf(Path other) {
        if (other instanceof SimulatedPath path && path.fileSystem == fileSystem) {
            return path.names;
        }
        throw new ProviderMismatchException(other + " is not on the disk of " + this);
    }

    private boolean isHere(Path other) {
        return other instanceof SimulatedPath path && path.fileSystem == fileSystem;
    }

    @Override
    public SimulatedFileSystem getFileSystem() {
        return fileSystem;
    }

    @Override
    public boolean isAbsolute() {
        return names.isAbsolute();
    }

    @Override
    public @Nullable Path getRoot() {
        return ofNullable(names.getRoot());
    }

    @Override
    public @Nullable Path getFileName() {
        return ofNullable(names.getFileName());
    }

    @Override
    public @Nullable Path getParent() {
        return ofNullable(names.getParent());
    }

    @Override
    public int getNameCount() {
        return names.getNameCount();
    }

    @Override
    public Path getName(int index) {
        return of(names.getName(index));
    }

    @Override
    public Path subpath(int beginIndex, int endIndex) {
        return of(names.subpath(beginIndex, endIndex));
    }

    @Override
    public boolean startsWith(Path other) {
        return isHere(other) && names.startsWith(namesOf(other));
    }

    @Override
    public boolean endsWith(Path other) {
        return isHere(other) && names.endsWith(namesOf(other));
    }

    @Override
    public Path normalize() {
        return of(names.normalize());
    }

    @Override
    public Path resolve(Path other) {
        return of(names.resolve(namesOf(other)));
    }

    @Override
    public Path relativize(Path other) {
        return of(names.relativize(namesOf(other)));
    }

    @Override
    public URI toUri() {
        return URI.create("simulated:" + toAbsolutePath());
    }

    @Override
    public Path toAbsolutePath() {
        return of(Path.of("/").resolve(names));
    }

    @Override
    public Path toRealPath(LinkOption... options) throws IOException {
        fileSystem.volume().find(inVolume());
        return of(inVolume());
    }

    @Override
    public WatchKey register(
            WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
        throw new UnsupportedOperationException("a simulated disk cannot be watched");
    }

    @Override
    public int compareTo(Path other) {
        return names.compareTo(namesOf(other));
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SimulatedPath path
                && path.fileSystem == fileSystem
                && path.names.equals(names);
    }

    @Override
    public int hashCode() {
        return names.hashCode();
    }

    @Override
    public String toString() {
        return names.toString();
    }
}
