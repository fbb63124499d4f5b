package io.headrace.storage.log;

/**
 * Why a log may miss something acknowledged.
 *
 * @param reason for an operator
 * @param fromOffset the first offset that may be missing
 */
public record UncleanLog(String reason, long fromOffset) {}
