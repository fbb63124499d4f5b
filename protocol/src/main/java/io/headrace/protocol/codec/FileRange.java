package io.headrace.protocol.codec;

import java.nio.channels.FileChannel;

/**
 * A range of a file that is sent without passing through this process (sendfile). The file stays
 * open until {@link #release}.
 *
 * @param position the first byte
 * @param sizeInBytes how many bytes
 * @param onRelease gives back the hold on the file
 */
public record FileRange(FileChannel file, long position, int sizeInBytes, Runnable onRelease)
        implements OutboundFrame.Part {

    @Override
    public void release() {
        onRelease.run();
    }
}
