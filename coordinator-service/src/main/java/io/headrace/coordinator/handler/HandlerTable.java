package io.headrace.coordinator.handler;

import io.headrace.protocol.codec.ApiCatalog;
import io.headrace.protocol.codec.ApiSchema;
import io.headrace.protocol.metadata.CoordinatorImage.VersionRange;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The handlers of forwarded requests, by API; the table of served versions is made from it. */
public final class HandlerTable {
    private final Map<Short, ForwardedHandler> handlers = new HashMap<>();

    /**
     * @throws IllegalStateException if two handlers serve one API, or one serves versions that the
     *     codec cannot decode
     */
    public HandlerTable(List<? extends ForwardedHandler> registered) {
        for (ForwardedHandler handler : registered) {
            ApiSchema api = ApiCatalog.get(handler.apiKey());
            if (handler.minVersion() > handler.maxVersion()
                    || !api.supports(handler.minVersion())
                    || !api.supports(handler.maxVersion())) {
                throw new IllegalStateException(
                        "The handler of "
                                + api.name()
                                + " serves versions that cannot be decoded: "
                                + handler.minVersion()
                                + " to "
                                + handler.maxVersion());
            }
            if (handlers.put(handler.apiKey(), handler) != null) {
                throw new IllegalStateException("Two handlers serve " + api.name());
            }
        }
    }

    /** The handler of an API in a version, or null when it is not served. */
    @Nullable ForwardedHandler find(short apiKey, short version) {
        ForwardedHandler handler = handlers.get(apiKey);
        return handler != null && version >= handler.minVersion() && version <= handler.maxVersion()
                ? handler
                : null;
    }

    /** Tells every handler that a forwarding connection is gone. */
    void onLinkClosed(long linkId) {
        handlers.values().forEach(handler -> handler.onLinkClosed(linkId));
    }

    /** The served versions, by API key. */
    public Map<Short, VersionRange> versions() {
        Map<Short, VersionRange> versions = new HashMap<>();
        handlers.forEach(
                (key, handler) ->
                        versions.put(
                                key, new VersionRange(handler.minVersion(), handler.maxVersion())));
        return versions;
    }
}
