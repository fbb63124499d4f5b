package io.headrace.testkit.disk;

import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/** The names of a directory at the moment it was opened; can be walked once. */
final class SimulatedDirectoryStream implements DirectoryStream<Path> {
    private final List<Path> paths;
    private boolean used;

    SimulatedDirectoryStream(List<Path> paths) {
        this.paths = paths;
    }

    @Override
    public Iterator<Path> iterator() {
        if (used) {
            throw new IllegalStateException("the iterator was already given, or the stream closed");
        }
        used = true;
        return Collections.unmodifiableList(paths).iterator();
    }

    @Override
    public void close() {
        used = true;
    }
}
