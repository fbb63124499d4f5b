package io.headrace.gateway.record;

/**
 * What one request may hold.
 *
 * @param maxRecords the most records of a produce request
 * @param maxHeaders the most headers of a record
 */
public record RecordLimits(int maxRecords, int maxHeaders) {
    public RecordLimits {
        if (maxRecords < 1 || maxHeaders < 0) {
            throw new IllegalArgumentException("Limits must be positive");
        }
    }
}
