package io.headrace.storage.log;

import io.headrace.storage.file.Directories;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Consumer;

/** A small file's new content as a whole: a crash leaves the old one or the new one. */
record FileReplacement(Path file, byte[] content, Consumer<@Nullable IOException> whenDone)
        implements SharedWrites.Write {
    @Override
    public void prepare() throws IOException {
        Directories.prepareReplacement(file, content);
    }

    @Override
    public void flushPrepared() throws IOException {
        Directories.flushReplacement(file, content.length);
    }

    @Override
    public void publish() throws IOException {
        Directories.publishReplacement(file);
    }

    @Override
    public Path publishedIn() {
        return Directories.parentOf(file);
    }

    @Override
    public void done(@Nullable IOException failure) {
        whenDone.accept(failure);
    }
}
