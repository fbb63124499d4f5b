package io.headrace.standalone.up;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port that is to be listened on soon. It is bound but does not listen: nobody connects early, a
 * port in use is found before anything is started, and a free one is known in advance. Linux lets
 * its later owner bind it beside this; elsewhere the port is only looked at and given back.
 */
final class ReservedPort implements AutoCloseable {
    private static final boolean HOLDS = "Linux".equals(System.getProperty("os.name"));

    private final Socket socket;
    private final int number;

    private ReservedPort(Socket socket, int number) {
        this.socket = socket;
        this.number = number;
    }

    /**
     * Reserves a port.
     *
     * @param port 0 for any free one
     * @param option what the user sets the port with
     * @throws StartFailedException if it cannot be listened on
     */
    static ReservedPort take(String host, int port, String option) throws StartFailedException {
        Socket socket = new Socket();
        try {
            InetSocketAddress address = new InetSocketAddress(host, port);
            if (address.isUnresolved()) {
                throw new IOException("the host is not known");
            }
            socket.setReuseAddress(true);
            socket.bind(address);
            ReservedPort reserved = new ReservedPort(socket, socket.getLocalPort());
            if (!HOLDS) {
                socket.close();
            }
            return reserved;
        } catch (IOException e) {
            close(socket, e);
            throw new StartFailedException(
                    "Cannot listen on "
                            + host
                            + ":"
                            + port
                            + " ("
                            + e.getMessage()
                            + "): stop what uses the port, or choose another with "
                            + option,
                    e);
        }
    }

    private static void close(Socket socket, IOException failure) {
        try {
            socket.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    int number() {
        return number;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
