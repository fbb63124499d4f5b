package io.headrace.storage.commit;

import io.headrace.storage.file.Directories;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;

/** A small file's new content as a whole: a crash leaves the old one or the new one. */
public final class FileReplacement implements SharedWrites.Write {
    private final Path file;
    private final byte[] content;
    private final Consumer<@Nullable IOException> whenDone;

    public FileReplacement(Path file, String content, Consumer<@Nullable IOException> whenDone) {
        this.file = file;
        this.content = content.getBytes(StandardCharsets.UTF_8);
        this.whenDone = whenDone;
    }

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
