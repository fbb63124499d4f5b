package io.headrace.standalone.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;
import io.headrace.testkit.fuzz.FuzzCampaign;
import io.headrace.testkit.fuzz.FuzzCampaign.FuzzReport;
import io.headrace.testkit.random.Seed;
import io.headrace.testkit.random.Seeded;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** Whatever clients send, they get an answer or lose their connection, and nobody else suffers. */
@Timeout(120)
class HostileClientsIT {
    private static final String RECORDS = "/api/v1/topics/hostile/records";
    private static final String BODY =
            "{\"records\":[{\"key\":\"k\",\"value\":{\"a\":[1,2.5,null]},\"headers\":{\"h\":\"v\"}},"
                + "{\"value\":{\"base64\":\"AAEC/w==\"},\"partition\":0,\"timestamp\":5}]}";

    @TempDir private static Path data;

    @SuppressWarnings("NullAway.Init") // started before all tests
    private static RunningPlatform platform;

    @SuppressWarnings("NullAway.Init") // made before all tests
    private static HttpCalls http;

    @BeforeAll
    static void start() throws Exception {
        platform = RunningPlatform.start(data);
        http = new HttpCalls(platform.httpUrl());
        http.post("/api/v1/topics", "{\"name\": \"hostile\"}").ok();
    }

    @AfterAll
    static void stop() {
        http.close();
        platform.close();
    }

    @AfterEach
    void everybodyElseIsServed() throws Exception {
        assertThat(platform.process().isAlive()).isTrue();
        String path = RECORDS + "?from=offset&offset=";
        long offset =
                http.post(RECORDS, "{\"value\": \"well\"}").ok().json().get("offset").asLong();
        assertThat(http.get(path + offset).ok().json().at("/records/0/value").asString())
                .isEqualTo("well");
    }

    @Seeded
    void mutatedBodiesAreStoredOrRefused(Seed seed) {
        FuzzCampaign campaign =
                new FuzzCampaign(seed.value())
                        .frame("records", BODY.getBytes(StandardCharsets.UTF_8));
        FuzzReport report =
                campaign.run(
                        400,
                        (name, body) -> {
                            HttpCalls.Answer answer = http.post(RECORDS, "application/json", body);
                            assertThat(answer.status()).as(answer.text()).isLessThan(500);
                            assertThat(answer.json().isObject()).isTrue();
                        });
        assertThat(report.total()).isEqualTo(400);
    }

    @Seeded
    void mutatedRequestsAreAnsweredOrCutOff(Seed seed) {
        String request =
                "POST "
                        + RECORDS
                        + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                        + "Content-Type: application/json\r\n"
                        + "Content-Length: 11\r\n\r\n{\"value\":1}";
        FuzzCampaign campaign =
                new FuzzCampaign(seed.value())
                        .frame("request", request.getBytes(StandardCharsets.US_ASCII));
        FuzzReport report =
                campaign.run(
                        200,
                        (name, bytes) ->
                                assertThat(exchange(bytes)).doesNotStartWith("HTTP/1.1 500"));
        assertThat(report.total()).isEqualTo(200);
    }

    @Seeded
    void mutatedFramesAreAnswered(Seed seed) throws Exception {
        String produce =
                "{\"op\":\"produce\",\"id\":\"p\",\"topic\":\"hostile\"," + BODY.substring(1);
        String subscribe =
                "{\"op\":\"subscribe\",\"sub\":\"s\",\"patterns\":[\"h*\"],\"credit\":5}";
        try (SocketClient client = new SocketClient(http, platform.webSocketUrl())) {
            FuzzCampaign campaign =
                    new FuzzCampaign(seed.value())
                            .frame("produce", produce.getBytes(StandardCharsets.UTF_8))
                            .frame("subscribe", subscribe.getBytes(StandardCharsets.UTF_8));
            FuzzReport report =
                    campaign.run(
                            400,
                            (name, frame) ->
                                    client.say(new String(frame, StandardCharsets.ISO_8859_1)));
            assertThat(report.total()).isEqualTo(400);
            client.say("{'op':'ping','id':'the end'}");
            String id = "";
            while (!id.equals("the end")) {
                id = client.next().path("id").asString("");
            }
        }
    }

    @Test
    void hugeBodiesAreRefusedBeforeTheyAreRead() throws Exception {
        byte[] huge = new byte[9 << 20];
        Arrays.fill(huge, (byte) ' ');
        http.post(RECORDS, "application/json", huge).problem(413);
        assertThat(
                        exchange(
                                ("POST "
                                                + RECORDS
                                                + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                                + "Content-Type: text/plain\r\n"
                                                + "Content-Length: 99999999999\r\n\r\nx")
                                        .getBytes(StandardCharsets.US_ASCII)))
                .startsWith("HTTP/1.1 413 ");
        assertThat(
                        exchange(
                                ("GET /" + "a".repeat(100_000) + " HTTP/1.1\r\nHost: x\r\n\r\n")
                                        .getBytes(StandardCharsets.US_ASCII)))
                .doesNotStartWith("HTTP/1.1 2");
    }

    @Test
    void anOversizedFrameEndsItsConnection() throws Exception {
        try (SocketClient client = new SocketClient(http, platform.webSocketUrl())) {
            client.next("hello");
            client.socket().sendText("x".repeat(5 << 20), true);
            assertThat(client.closeCode()).isEqualTo(1009);
        }
    }

    /** Sends bytes, ends, and reads what comes until the server closes. */
    private static String exchange(byte[] request) throws IOException {
        URI url = URI.create(platform.httpUrl());
        try (Socket socket = new Socket(InetAddress.getByName(url.getHost()), url.getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream().write(request);
            socket.shutdownOutput();
            InputStream in = socket.getInputStream();
            return new String(in.readNBytes(1 << 20), StandardCharsets.ISO_8859_1);
        } catch (SocketException cutOff) {
            assertThat(cutOff).hasMessageMatching(".*(reset|Broken pipe|closed).*");
            return "";
        }
    }
}
