package io.headrace.coordinator.membership;

import com.hazelcast.config.Config;

import io.headrace.testkit.network.SocketGate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The ways between members of one cluster in one process. Each member is reached through a door
 * here, its public address, and dials from ports of its own, so that every connection is known by
 * both its ends: members can be cut off from each other, or fall silent as a paused process does.
 */
final class MemberNetwork implements AutoCloseable {
    private static final int PORTS_EACH = 100;

    /** Where members listen: ports that no system gives to outgoing connections. */
    private static final int FIRST_PORT = 22_000;

    private static final int END_OF_PORTS = 32_000;

    private final List<ServerSocket> doors = new ArrayList<>();
    private final List<Socket> held = new ArrayList<>();
    private final List<Integer> ports = new ArrayList<>();
    private final int firstDialPort;
    private final Set<Way> ways = ConcurrentHashMap.newKeySet();
    private final Set<Integer> silent = ConcurrentHashMap.newKeySet();
    private final SocketGate gate = new SocketGate();
    private volatile boolean cut;
    private volatile boolean closed;

    /** A connection that one member opened to another. */
    private record Way(int from, int to, Socket outer, Socket inner) {
        void close() {
            SocketGate.closeQuietly(outer);
            SocketGate.closeQuietly(inner);
        }
    }

    /**
     * @param firstDialPort the first of 100 ports for each member to dial from
     */
    MemberNetwork(int members, int firstDialPort) throws IOException {
        this.firstDialPort = firstDialPort;
        for (int i = 0; i < members; i++) {
            doors.add(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
            held.add(hold(i == 0 ? FIRST_PORT : ports.getLast() + 1));
            ports.add(held.getLast().getLocalPort());
        }
        for (int i = 0; i < members; i++) {
            int member = i;
            Thread.ofVirtual().start(() -> accept(member));
        }
    }

    /** Takes the first free port from that one on, where who dials it is refused. */
    private static Socket hold(int from) throws IOException {
        for (int port = from; port < END_OF_PORTS; port++) {
            Socket holder = new Socket();
            try {
                holder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return holder;
            } catch (BindException taken) {
                holder.close();
            }
        }
        throw new IOException("No free port from " + from + " to " + END_OF_PORTS);
    }

    /** The real port of a member, which is to take it now: nothing holds it any more. */
    int port(int member) throws IOException {
        held.get(member).close();
        return ports.get(member);
    }

    /** Where members look for each other. */
    List<String> addresses() {
        return doors.stream().map(door -> "127.0.0.1:" + door.getLocalPort()).toList();
    }

    /** Leads a member's connections through here. */
    Config through(int member, Config config) {
        int first = firstDialPort + member * PORTS_EACH;
        config.getNetworkConfig()
                .setPublicAddress(addresses().get(member))
                .setPortAutoIncrement(false)
                .addOutboundPortDefinition(first + "-" + (first + PORTS_EACH - 1));
        return config;
    }

    /** Every member alone: all connections close, and none can be opened. */
    void cutAll() {
        cut = true;
        ways.forEach(Way::close);
    }

    /** Nothing comes from a member or reaches it; its connections stay open. */
    void silence(int member) {
        silent.add(member);
    }

    /** All is well again, and what was held back arrives. */
    void mend() {
        cut = false;
        silent.clear();
        gate.changed();
    }

    private void accept(int member) {
        while (!closed) {
            Socket outer;
            try {
                outer = doors.get(member).accept();
            } catch (IOException e) {
                if (!closed) {
                    throw new UncheckedIOException(e);
                }
                return;
            }
            connect(member, outer);
        }
    }

    private void connect(int member, Socket outer) {
        if (cut) {
            SocketGate.closeQuietly(outer);
            return;
        }
        try {
            Socket inner = new Socket(InetAddress.getLoopbackAddress(), ports.get(member));
            int from = Math.floorDiv(outer.getPort() - firstDialPort, PORTS_EACH);
            Way way = new Way(from, member, outer, inner);
            ways.add(way);
            gate.join(outer, inner, () -> isSilent(way), () -> ways.remove(way));
        } catch (IOException e) {
            SocketGate.closeQuietly(outer); // that member has not started yet, or is gone
        }
    }

    private boolean isSilent(Way way) {
        return silent.contains(way.from()) || silent.contains(way.to());
    }

    @Override
    public void close() throws IOException {
        closed = true;
        mend();
        gate.close();
        for (ServerSocket door : doors) {
            door.close();
        }
        held.forEach(SocketGate::closeQuietly);
        ways.forEach(Way::close);
    }
}
