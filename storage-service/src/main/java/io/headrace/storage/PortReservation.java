package io.headrace.storage;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * Holds the client port from the start of the process until the node may serve: bound but not
 * listening, so that nobody connects early, a port in use is found at once, and a free one is known
 * in time for the registration.
 */
final class PortReservation implements AutoCloseable {
    private final Socket socket;
    private final int port;

    private PortReservation(Socket socket) {
        this.socket = socket;
        this.port = socket.getLocalPort();
    }

    static PortReservation take(String host, int port) {
        Socket socket = new Socket();
        try {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(host, port));
            return new PortReservation(socket);
        } catch (IOException e) {
            try {
                socket.close();
            } catch (IOException suppressed) {
                e.addSuppressed(suppressed);
            }
            throw new StorageStartException(
                    "Cannot listen on "
                            + host
                            + ":"
                            + port
                            + " ("
                            + e.getMessage()
                            + "): stop what uses the port, or choose another",
                    e);
        }
    }

    int port() {
        return port;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
