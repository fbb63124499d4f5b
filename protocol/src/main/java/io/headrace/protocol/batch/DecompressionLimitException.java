package io.headrace.protocol.batch;

/**
 * A batch that decompresses to more bytes than its reader allows: a decompression bomb, or a limit
 * too low.
 */
public final class DecompressionLimitException extends CorruptBatchException {
    public DecompressionLimitException(String message) {
        super(message);
    }
}
