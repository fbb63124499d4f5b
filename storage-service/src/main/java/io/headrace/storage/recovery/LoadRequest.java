package io.headrace.storage.recovery;

import io.headrace.storage.producer.ProducerIds;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;

/**
 * What is known of a log before it is loaded.
 *
 * @param name for messages: topic-partition
 * @param verified a place up to which nothing needs to be checked, or null
 * @param recoveryPoint below it everything was flushed to the device; 0 when unknown
 * @param promisedOffset below it nothing may be missing; -1 when nothing was promised
 * @param logStartOffset first readable offset as checkpointed; 0 when unknown
 */
public record LoadRequest(
        Path directory,
        String name,
        @Nullable VerifiedPoint verified,
        long recoveryPoint,
        long promisedOffset,
        long logStartOffset,
        int indexIntervalBytes,
        ProducerIds producerIds,
        long nowMs) {}
