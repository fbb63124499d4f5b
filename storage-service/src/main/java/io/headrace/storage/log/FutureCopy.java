package io.headrace.storage.log;

/**
 * A copy that is to take the place of a log in another directory.
 *
 * @param offsetLag how many offsets it is behind the log
 */
public record FutureCopy(long sizeInBytes, long offsetLag) {}
