package io.headrace.coordinator.metadata.row;

import io.headrace.protocol.metadata.record.CoordinatorRecord;

import org.apache.kafka.common.Uuid;
import org.springframework.data.annotation.Id;

import java.util.ArrayList;
import java.util.List;

/**
 * A registered coordinator as a row.
 *
 * @param apis each as key:min:max
 */
public record CoordinatorRow(
        @Id int coordinatorId, String incarnationId, String host, int port, String apis) {

    /** The row that a record makes. */
    public static CoordinatorRow of(CoordinatorRecord record) {
        List<String> apis = new ArrayList<>();
        for (var api : record.apis()) {
            apis.add(api.apiKey() + ":" + api.minVersion() + ":" + api.maxVersion());
        }
        return new CoordinatorRow(
                record.coordinatorId(),
                record.incarnationId().toString(),
                record.host(),
                record.port(),
                Lists.join(apis));
    }

    /** The record that made this row. */
    public CoordinatorRecord toRecord() {
        CoordinatorRecord.CoordinatorApiCollection collection =
                new CoordinatorRecord.CoordinatorApiCollection();
        for (String text : Lists.split(apis, part -> part)) {
            String[] parts = text.split(":", 3);
            collection.add(
                    new CoordinatorRecord.CoordinatorApi()
                            .setApiKey(Short.parseShort(parts[0]))
                            .setMinVersion(Short.parseShort(parts[1]))
                            .setMaxVersion(Short.parseShort(parts[2])));
        }
        return new CoordinatorRecord()
                .setCoordinatorId(coordinatorId)
                .setIncarnationId(Uuid.fromString(incarnationId))
                .setHost(host)
                .setPort(port)
                .setApis(collection);
    }
}
