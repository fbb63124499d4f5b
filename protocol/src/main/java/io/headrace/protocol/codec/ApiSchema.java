package io.headrace.protocol.codec;

import org.apache.kafka.common.protocol.ApiMessage;

import java.util.function.Supplier;

/**
 * One API as the codec knows it: its key, name, the versions that can be encoded, its messages and
 * header formats. What a server really serves is its table of handlers, a subset of this.
 *
 * @param oldestVersion the lowest version that can be decoded
 * @param latestVersion the highest stable version that can be decoded
 * @param brokerListener whether Apache Kafka serves it to clients
 */
public record ApiSchema(
        short key,
        String name,
        short oldestVersion,
        short latestVersion,
        boolean brokerListener,
        Supplier<ApiMessage> newRequest,
        Supplier<ApiMessage> newResponse,
        HeaderVersion requestHeader,
        HeaderVersion responseHeader) {

    /** The header format that a version of an API uses. */
    @FunctionalInterface
    public interface HeaderVersion {
        short of(short apiVersion);
    }

    public boolean supports(short version) {
        return version >= oldestVersion && version <= latestVersion;
    }
}
