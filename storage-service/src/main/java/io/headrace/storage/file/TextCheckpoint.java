package io.headrace.storage.file;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Kafka's form of a small checkpoint file.
 *
 * <pre>
 *   0              version
 *   2              number of lines that follow
 *   topic 0 4711   fields, separated by one blank
 *   topic 1 815
 * </pre>
 */
public final class TextCheckpoint {
    private static final int SIZE_MAX_BYTES = 64 << 20;
    private static final String VERSION = "0";

    private TextCheckpoint() {}

    /** The content for these lines. */
    public static String encode(Collection<String> lines) {
        StringBuilder content = new StringBuilder(32 + lines.size() * 32);
        content.append(VERSION).append('\n').append(lines.size()).append('\n');
        for (String line : lines) {
            content.append(line).append('\n');
        }
        return content.toString();
    }

    /** The lines' fields, or null when the file does not exist or is not whole. */
    public static @Nullable List<String[]> readIfWhole(Path file, int fieldCount)
            throws IOException {
        byte[] content = Directories.readIfExists(file, SIZE_MAX_BYTES);
        if (content == null) {
            return null;
        }
        String[] lines = new String(content, StandardCharsets.UTF_8).split("\n", -1);
        if (lines.length < 3
                || !lines[0].equals(VERSION)
                || !lines[1].equals(Integer.toString(lines.length - 3))) {
            return null;
        }
        List<String[]> fields = new ArrayList<>(lines.length);
        for (int i = 2; i < lines.length - 1; i++) {
            String[] parts = lines[i].split(" ", -1);
            if (parts.length != fieldCount) {
                return null;
            }
            fields.add(parts);
        }
        return fields;
    }
}
