package io.headrace.protocol.config;

import java.util.Locale;

/** The type of a configuration's value, with its number in DescribeConfigs answers (KIP-569). */
public enum ConfigType {
    BOOLEAN(1, "boolean: use true or false"),
    STRING(2, "string"),
    INT(3, "number of type INT"),
    LONG(5, "number of type LONG"),
    DOUBLE(6, "number of type DOUBLE"),
    LIST(7, "list");

    private final byte wireId;
    private final String description;

    ConfigType(int wireId, String description) {
        this.wireId = (byte) wireId;
        this.description = description;
    }

    /** The number of this type in the field {@code ConfigType} of DescribeConfigs answers. */
    public byte wireId() {
        return wireId;
    }

    String description() {
        return description;
    }

    boolean accepts(String value) {
        try {
            return switch (this) {
                case BOOLEAN -> {
                    String lower = value.toLowerCase(Locale.ROOT);
                    yield lower.equals("true") || lower.equals("false");
                }
                case STRING, LIST -> true;
                case INT -> Integer.toString(Integer.parseInt(value)) != null;
                case LONG -> Long.toString(Long.parseLong(value)) != null;
                case DOUBLE -> Double.isFinite(Double.parseDouble(value));
            };
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
