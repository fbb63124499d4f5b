package io.headrace.transport.channel;

import java.time.Duration;

/**
 * The bounds of an outgoing connection.
 *
 * @param clientId the name that requests carry
 * @param requestTimeout how long an answer may take
 * @param maxFrameBytes the largest answer that is accepted
 */
public record ChannelOptions(
        String clientId, Duration connectTimeout, Duration requestTimeout, int maxFrameBytes) {

    public static ChannelOptions of(String clientId) {
        return new ChannelOptions(
                clientId, Duration.ofSeconds(10), Duration.ofSeconds(30), 256 << 20);
    }
}
