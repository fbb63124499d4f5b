package io.headrace.testkit.network;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.function.BooleanSupplier;

/**
 * Passes bytes between real sockets, or holds them back: what is held arrives later, as from a
 * process that was paused.
 */
public final class SocketGate implements AutoCloseable {
    private boolean closed;

    /**
     * Joins two sockets until one of them closes; then both are closed.
     *
     * @param isHeld whether nothing passes now; {@link #changed} says that it may be otherwise
     * @param onEnd called by each direction when it has ended
     */
    public void join(Socket one, Socket other, BooleanSupplier isHeld, Runnable onEnd) {
        Thread.ofVirtual().start(() -> pump(one, other, isHeld, onEnd));
        Thread.ofVirtual().start(() -> pump(other, one, isHeld, onEnd));
    }

    /** What is held back is looked at again. */
    public synchronized void changed() {
        notifyAll();
    }

    private void pump(Socket from, Socket to, BooleanSupplier isHeld, Runnable onEnd) {
        byte[] buffer = new byte[8192];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int read = in.read(buffer);
            while (read >= 0) {
                await(isHeld);
                out.write(buffer, 0, read);
                out.flush();
                read = in.read(buffer);
            }
        } catch (IOException e) {
            // One end is gone: so is the other.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            closeQuietly(from);
            closeQuietly(to);
            onEnd.run();
        }
    }

    private synchronized void await(BooleanSupplier isHeld) throws InterruptedException {
        while (!closed && isHeld.getAsBoolean()) {
            wait();
        }
    }

    /** Closes a socket that may be closed already. */
    public static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Holds nothing back any more. */
    @Override
    public synchronized void close() {
        closed = true;
        notifyAll();
    }
}
