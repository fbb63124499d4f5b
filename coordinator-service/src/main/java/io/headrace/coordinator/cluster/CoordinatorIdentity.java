package io.headrace.coordinator.cluster;

import io.headrace.protocol.metadata.CoordinatorImage;
import io.headrace.protocol.metadata.CoordinatorImage.VersionRange;
import io.headrace.protocol.metadata.record.CoordinatorRecord;
import io.headrace.protocol.metadata.record.CoordinatorRecord.CoordinatorApi;
import io.headrace.protocol.metadata.record.CoordinatorRecord.CoordinatorApiCollection;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A coordinator's incarnation as the cluster gets to know it.
 *
 * @param host where storage nodes reach it
 * @param apis the forwarded APIs that it serves
 */
public record CoordinatorIdentity(
        int coordinatorId,
        Uuid incarnationId,
        String host,
        int port,
        Map<Short, VersionRange> apis) {

    /** The incarnation that a record tells of. */
    public static CoordinatorIdentity of(CoordinatorRecord record) {
        Map<Short, VersionRange> apis = new HashMap<>();
        for (CoordinatorApi api : record.apis()) {
            apis.put(api.apiKey(), new VersionRange(api.minVersion(), api.maxVersion()));
        }
        return new CoordinatorIdentity(
                record.coordinatorId(),
                record.incarnationId(),
                record.host(),
                record.port(),
                Map.copyOf(apis));
    }

    /** The record that tells the cluster of it. */
    public CoordinatorRecord toRecord() {
        CoordinatorApiCollection collection = new CoordinatorApiCollection();
        for (Map.Entry<Short, VersionRange> api : new TreeMap<>(apis).entrySet()) {
            collection.add(
                    new CoordinatorApi()
                            .setApiKey(api.getKey())
                            .setMinVersion(api.getValue().min())
                            .setMaxVersion(api.getValue().max()));
        }
        return new CoordinatorRecord()
                .setCoordinatorId(coordinatorId)
                .setIncarnationId(incarnationId)
                .setHost(host)
                .setPort(port)
                .setApis(collection);
    }

    /** Whether the cluster knows exactly this. */
    public boolean isKnownAs(@Nullable CoordinatorImage known) {
        return known != null
                && known.incarnationId().equals(incarnationId)
                && known.host().equals(host)
                && known.port() == port
                && known.apis().equals(apis);
    }
}
