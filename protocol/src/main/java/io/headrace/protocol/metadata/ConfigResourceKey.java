package io.headrace.protocol.metadata;

/**
 * What a config belongs to.
 *
 * @param type Kafka's {@code ConfigResource.Type} id
 * @param name the topic, node id or group; empty for the default of the type
 */
public record ConfigResourceKey(byte type, String name) {
    public static final byte TOPIC = 2;
    public static final byte BROKER = 4;
    public static final byte CLIENT_METRICS = 16;
    public static final byte GROUP = 32;

    public static ConfigResourceKey topic(String name) {
        return new ConfigResourceKey(TOPIC, name);
    }
}
