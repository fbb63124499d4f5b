package io.headrace.coordinator.metadata.row;

import io.headrace.protocol.metadata.record.FeatureRecord;

import org.springframework.data.annotation.Id;

/** A row of {@code features}. */
public record FeatureRow(@Id String featureName, short finalizedLevel) {
    /** The record that made this row. */
    public FeatureRecord toRecord() {
        return new FeatureRecord().setName(featureName).setLevel(finalizedLevel);
    }
}
