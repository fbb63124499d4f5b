package io.headrace.gateway.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.gateway.config.ServerConfiguration.ConnectionLimit;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/** At most so many HTTP connections are open; a connection may ask as often as it likes. */
class ConnectionLimitTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final byte[] REQUEST =
            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ConnectionLimit limit = new ConnectionLimit(2);
    private DisposableServer server;

    @BeforeEach
    void serve() {
        server =
                limit.guard(HttpServer.create().host("localhost").port(0))
                        .route(routes -> routes.get("/", (asked, answer) -> answer.status(204)))
                        .bindNow();
    }

    @AfterEach
    void stop() {
        server.disposeNow();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket();
        socket.connect((InetSocketAddress) server.address());
        socket.setSoTimeout((int) PATIENCE.toMillis());
        return socket;
    }

    /** The answer's head, or what came before the server closed. */
    private static String ask(Socket socket) throws IOException {
        socket.getOutputStream().write(REQUEST);
        InputStream answer = socket.getInputStream();
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = answer.read();
            if (next < 0) {
                break;
            }
            head.append((char) next);
        }
        return head.toString();
    }

    @Test
    void requestsAreNotConnections() throws IOException {
        try (Socket socket = connect()) {
            for (int request = 0; request < 20; request++) {
                assertThat(ask(socket)).as("request %d", request).startsWith("HTTP/1.1 204");
                assertThat(limit.open()).isEqualTo(1);
            }
        }
    }

    @Test
    void whatIsBeyondTheLimitIsClosedAndAPlaceIsGivenBack() throws IOException {
        try (Socket first = connect();
                Socket second = connect()) {
            assertThat(ask(first)).startsWith("HTTP/1.1 204");
            assertThat(ask(second)).startsWith("HTTP/1.1 204");
            try (Socket third = connect()) {
                assertThat(third.getInputStream().read()).isEqualTo(-1);
            }
        }
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (limit.open() > 0) {
            assertThat(System.nanoTime()).as("connections counted").isLessThan(deadline);
            LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
        }
        try (Socket again = connect()) {
            assertThat(ask(again)).startsWith("HTTP/1.1 204");
        }
    }
}
