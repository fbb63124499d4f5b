package io.headrace.protocol.batch;

/** Who set the timestamps of a batch: bit 3 of its attributes (KIP-32). */
public enum TimestampType {
    /** The producer, record by record. */
    CREATE_TIME,
    /**
     * The log, when it appended the batch: one time for all its records, in the field maxTimestamp.
     */
    LOG_APPEND_TIME;

    /**
     * The type of that configuration name.
     *
     * @throws IllegalArgumentException when it is neither {@code CreateTime} nor {@code
     *     LogAppendTime}
     */
    public static TimestampType forConfigName(String name) {
        return switch (name) {
            case "CreateTime" -> CREATE_TIME;
            case "LogAppendTime" -> LOG_APPEND_TIME;
            default ->
                    throw new IllegalArgumentException(
                            "Unknown timestamp type '"
                                    + name
                                    + "': use CreateTime or LogAppendTime");
        };
    }

    /** The name in configurations. */
    public String configName() {
        return this == CREATE_TIME ? "CreateTime" : "LogAppendTime";
    }
}
