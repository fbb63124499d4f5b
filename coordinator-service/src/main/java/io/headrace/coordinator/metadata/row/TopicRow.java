package io.headrace.coordinator.metadata.row;

import io.headrace.protocol.metadata.record.TopicRecord;

import org.apache.kafka.common.Uuid;
import org.springframework.data.annotation.Id;

/** A row of {@code topics}. */
public record TopicRow(@Id String topicId, String topicName, boolean internal) {
    static TopicRow of(TopicRecord record) {
        return new TopicRow(record.topicId().toString(), record.name(), record.internal());
    }

    /** The record that made this row. */
    public TopicRecord toRecord() {
        return new TopicRecord()
                .setTopicId(Uuid.fromString(topicId))
                .setName(topicName)
                .setInternal(internal);
    }
}
