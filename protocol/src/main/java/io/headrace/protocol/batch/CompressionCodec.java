package io.headrace.protocol.batch;

import org.jspecify.annotations.Nullable;

import java.util.Locale;

/** How the records of a batch are compressed: the lowest three bits of its attributes. */
public enum CompressionCodec {
    NONE(0),
    GZIP(1),
    SNAPPY(2),
    LZ4(3),
    ZSTD(4);

    private static final CompressionCodec[] BY_ID = values();

    private final int id;

    CompressionCodec(int id) {
        this.id = id;
    }

    /** The number in a batch's attributes. */
    public int id() {
        return id;
    }

    /**
     * The name in configurations: {@code none}, {@code gzip}, {@code snappy}, {@code lz4}, {@code
     * zstd}.
     */
    public String configName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The codec of that number, or null when there is none (5, 6 and 7 are unassigned). */
    public static @Nullable CompressionCodec forId(int id) {
        return id >= 0 && id < BY_ID.length ? BY_ID[id] : null;
    }

    /**
     * The codec of that configuration name; {@code uncompressed} is another name of {@code none}.
     *
     * @throws IllegalArgumentException when no codec has that name
     */
    public static CompressionCodec forConfigName(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (lower.equals("uncompressed")) {
            return NONE;
        }
        for (CompressionCodec codec : BY_ID) {
            if (codec.configName().equals(lower)) {
                return codec;
            }
        }
        throw new IllegalArgumentException(
                "Unknown compression '" + name + "': use none, gzip, snappy, lz4 or zstd");
    }
}
