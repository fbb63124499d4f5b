package io.headrace.coordinator.metadata.row;

import io.headrace.protocol.metadata.record.ConfigRecord;

import org.springframework.data.annotation.Id;
import org.springframework.data.relational.core.mapping.Embedded;

/** A row of {@code configs}. */
public record ConfigRow(@Id @Embedded.Empty Key id, String configValue) {

    /** The primary key. */
    public record Key(short resourceType, String resourceName, String configName) {}

    static Key keyOf(ConfigRecord record) {
        return new Key(record.resourceType(), record.resourceName(), record.name());
    }

    /** The record that made this row. */
    public ConfigRecord toRecord() {
        return new ConfigRecord()
                .setResourceType((byte) id.resourceType())
                .setResourceName(id.resourceName())
                .setName(id.configName())
                .setValue(configValue);
    }
}
