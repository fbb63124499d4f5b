package io.headrace.coordinator.postgres;

import io.headrace.testkit.network.SocketGate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The way of one coordinator to the database: can be cut, can hang, can be mended. */
public final class DatabaseLink implements AutoCloseable {
    private final ServerSocket door;
    private final int target;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final SocketGate gate = new SocketGate();
    private volatile boolean hanging;
    private volatile boolean cut;
    private volatile boolean closed;

    /**
     * @param target the server's port
     */
    public DatabaseLink(int target) {
        this.target = target;
        try {
            this.door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    public int port() {
        return door.getLocalPort();
    }

    /** Closes all connections and refuses new ones. */
    public void cut() {
        cut = true;
        open.forEach(SocketGate::closeQuietly);
    }

    /** Connections stay open and carry nothing. */
    public void hang() {
        hanging = true;
    }

    /** All is well again. */
    public void mend() {
        cut = false;
        hanging = false;
        gate.changed();
    }

    private void accept() {
        while (!closed) {
            try {
                Socket client = door.accept();
                if (cut) {
                    client.close();
                    continue;
                }
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                open.add(client);
                open.add(server);
                gate.join(
                        client,
                        server,
                        () -> hanging,
                        () -> {
                            open.remove(client);
                            open.remove(server);
                        });
            } catch (IOException e) {
                if (!closed) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        mend();
        gate.close();
        door.close();
        open.forEach(SocketGate::closeQuietly);
    }
}
