package io.headrace.transport.channel;

import java.io.IOException;

/** The connection ended before the answer came. */
public final class ChannelClosedException extends IOException {
    private static final long serialVersionUID = 1L;

    private final boolean sent;

    public ChannelClosedException(String message, boolean sent) {
        super(message);
        this.sent = sent;
    }

    /** Whether the request may have reached the other end, so that its outcome is unknown. */
    public boolean sent() {
        return sent;
    }
}
