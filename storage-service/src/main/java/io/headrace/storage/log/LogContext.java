package io.headrace.storage.log;

import io.headrace.storage.file.DirectReads;
import io.headrace.storage.file.OpenFiles;
import io.headrace.storage.producer.ProducerIds;

/** What all logs of a store share. */
record LogContext(
        LogStoreProperties properties,
        LogRuntime runtime,
        OpenFiles openFiles,
        DirectReads directReads,
        ProducerIds producerIds) {}
