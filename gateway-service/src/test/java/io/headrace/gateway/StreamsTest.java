package io.headrace.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.gateway.fanout.Fanout;
import io.headrace.gateway.record.BodyBudget;
import io.headrace.gateway.subscription.SlowReaders;
import io.headrace.testkit.wait.Eventually;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Server-sent events and the WebSocket over real sockets, in front of a cluster in memory. */
class StreamsTest {
    private static final FakeCluster CLUSTER = new FakeCluster();
    private static RunningGateway gateway;

    @BeforeAll
    static void start() {
        gateway =
                RunningGateway.start(
                        CLUSTER,
                        "--headrace.gateway.stream.refresh=200ms",
                        "--headrace.gateway.stream.slow-reader=2s",
                        "--headrace.gateway.stream.max-frame=64KB",
                        "--headrace.gateway.stream.heartbeat=1s",
                        "--headrace.gateway.stream.max-subscriptions=3");
    }

    @AfterAll
    static void stop() {
        gateway.close();
    }

    private static void await(String what, Eventually.Condition condition) {
        Eventually.until(Duration.ofSeconds(15), condition, what);
    }

    @Test
    void eventsComeAndResumeAfterTheLastId() throws Exception {
        CLUSTER.topic("sse", 3);
        for (int i = 0; i < 20; i++) {
            CLUSTER.store("sse", i % 3, Integer.toString(i).getBytes(StandardCharsets.UTF_8));
        }
        List<String> got = new ArrayList<>();
        String last = "";
        try (EventStream events =
                new EventStream(gateway, "/api/v1/topics/sse/events?from=earliest", null)) {
            for (int i = 0; i < 12; i++) {
                EventStream.Event event = events.next();
                assertThat(event.name()).isEqualTo("record");
                got.add(event.data().get("value").asString());
                last = event.id();
            }
        }
        try (EventStream events =
                new EventStream(gateway, "/api/v1/topics/sse/events?from=earliest", last)) {
            for (int i = 0; i < 8; i++) {
                got.add(events.next().data().get("value").asString());
            }
            CLUSTER.store("sse", 1, "live".getBytes(StandardCharsets.UTF_8));
            assertThat(events.next().data().get("value").asString()).isEqualTo("live");
        }
        assertThat(got).hasSize(20).doesNotHaveDuplicates();
    }

    @Test
    void patternsPickUpNewTopicsFromTheirFirstRecord() throws Exception {
        CLUSTER.topic("pat-a", 1);
        try (EventStream events = new EventStream(gateway, "/api/v1/events?pattern=pat-*", null)) {
            await("joined", () -> gateway.bean(Fanout.class).feedCount() > 0);
            CLUSTER.topic("pat-b", 1);
            CLUSTER.store("pat-b", 0, "early".getBytes(StandardCharsets.UTF_8));
            EventStream.Event event = events.next();
            assertThat(event.data().get("topic").asString()).isEqualTo("pat-b");
            assertThat(event.data().get("value").asString()).isEqualTo("early");
        }
    }

    @Test
    void streamsOfNothingAreProblems() {
        assertThat(gateway.get("/api/v1/topics/missing/events").status()).isEqualTo(404);
        assertThat(gateway.get("/api/v1/events").status()).isEqualTo(400);
        assertThat(gateway.get("/api/v1/events?topic=a&cursor=zzz").status()).isEqualTo(400);
    }

    @Test
    void producesAndSubscribesOverOneSocket() throws Exception {
        CLUSTER.topic("ws", 2);
        try (StreamClient client = new StreamClient(gateway)) {
            assertThat(client.next("hello").get("version").asInt()).isEqualTo(1);
            client.say("{'op':'subscribe','id':'1','sub':'s','topics':['ws']}");
            JsonNode subscribed = client.next("subscribed");
            assertThat(subscribed.get("id").asString()).isEqualTo("1");
            assertThat(subscribed.get("partitions").asInt()).isEqualTo(2);
            client.say(
                    "{'op':'produce','id':'p','topic':'ws','records':[{'key':'k','value':{'a':1.0}},"
                        + "{'value':'t','partition':1},{'value':'x','partition':9}]}");
            List<String> seen = new ArrayList<>();
            String cursor = "";
            JsonNode produced = null;
            while (seen.size() < 2 || produced == null) {
                JsonNode frame = client.frames().poll(10, TimeUnit.SECONDS);
                assertThat(frame).isNotNull();
                switch (frame.get("op").asString()) {
                    case "records" -> {
                        frame.get("records").forEach(r -> seen.add(r.get("value").toString()));
                        cursor = frame.get("cursor").asString();
                    }
                    case "produced" -> produced = frame;
                    default -> assertThat(frame.get("op").asString()).isEqualTo("heartbeat");
                }
            }
            assertThat(seen).containsExactlyInAnyOrder("{\"a\":1.0}", "\"t\"");
            assertThat(produced.at("/records/0/offset").asLong()).isZero();
            assertThat(produced.at("/records/2/problem/error").asString())
                    .isEqualTo("UNKNOWN_TOPIC_OR_PARTITION");

            CLUSTER.store("ws", 0, "after".getBytes(StandardCharsets.UTF_8));
            try (StreamClient elsewhere = new StreamClient(gateway)) {
                elsewhere.say(
                        "{'op':'subscribe','sub':'s','topics':['ws'],'cursor':'" + cursor + "'}");
                elsewhere.next("subscribed");
                assertThat(elsewhere.next("records").at("/records/0/value").asString())
                        .isEqualTo("after");
            }
            client.next("records");
            client.say("{'op':'unsubscribe','id':'u','sub':'s'}");
            assertThat(client.next("unsubscribed").get("cursor").asString()).isNotEmpty();
            client.say("{'op':'ping','id':'z'}");
            assertThat(client.next("pong").get("id").asString()).isEqualTo("z");
        }
    }

    @Test
    void creditBoundsWhatIsSent() throws Exception {
        CLUSTER.topic("credit", 1);
        for (int i = 0; i < 50; i++) {
            CLUSTER.store("credit", 0, Integer.toString(i).getBytes(StandardCharsets.UTF_8));
        }
        try (StreamClient client = new StreamClient(gateway)) {
            client.say(
                    "{'op':'subscribe','sub':'c','topics':['credit'],'from':'earliest','credit':7}");
            client.next("subscribed");
            int got = 0;
            while (got < 7) {
                got += client.next("records").get("records").size();
            }
            assertThat(got).isEqualTo(7);
            client.say("{'op':'credit','id':'more','sub':'c','records':5}");
            assertThat(client.next("credited").get("credit").asLong()).isEqualTo(5);
            while (got < 12) {
                got += client.next("records").get("records").size();
            }
            assertThat(got).isEqualTo(12);
            // A heartbeat proves that the socket was idle: no record came without credit.
            assertThat(client.next("heartbeat")).isNotNull();
        }
    }

    /** Reads so many records and answers how many frames they came in. */
    private static int read(StreamClient client, int records, int partitions) throws Exception {
        long[] next = new long[partitions];
        int frames = 0;
        for (int got = 0; got < records; frames++) {
            for (JsonNode record : client.next("records").get("records")) {
                int partition = record.get("partition").asInt();
                assertThat(record.get("offset").asLong()).isEqualTo(next[partition]++);
                assertThat(record.get("value").asString())
                        .isEqualTo(partition + "/" + record.get("offset").asLong());
                got++;
            }
        }
        return frames;
    }

    @Test
    void framesOfSeveralRecordsCarryEachOnceAndInOrder() throws Exception {
        int records = 600;
        CLUSTER.topic("gather", 3);
        List<StreamClient> clients = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            StreamClient client = new StreamClient(gateway);
            clients.add(client);
            String more =
                    switch (i % 4) {
                        case 0 -> ""; // The client that does not ask.
                        case 1 -> ",'gatherMs':50,'credit':1000";
                        default -> ",'gatherMs':50";
                    };
            client.say("{'op':'subscribe','sub':'g" + i % 3 + "','topics':['gather']" + more + "}");
            client.next("subscribed");
        }
        for (int i = 0; i < records; i++) {
            String value = i % 3 + "/" + i / 3;
            CLUSTER.store("gather", i % 3, value.getBytes(StandardCharsets.UTF_8));
        }
        for (int i = 0; i < clients.size(); i++) {
            int frames = read(clients.get(i), records, 3);
            if (i % 4 != 0) {
                assertThat(frames).isLessThan(records / 4);
            }
        }
        // All have come to the end: a cursor of a shared frame leads to what comes after it.
        CLUSTER.store("gather", 1, "last".getBytes(StandardCharsets.UTF_8));
        String cursor = "";
        for (StreamClient client : clients) {
            JsonNode frame = client.next("records");
            assertThat(frame.at("/records/0/value").asString()).isEqualTo("last");
            cursor = frame.get("cursor").asString();
            client.close();
        }
        CLUSTER.store("gather", 0, "after".getBytes(StandardCharsets.UTF_8));
        try (StreamClient client = new StreamClient(gateway)) {
            client.say(
                    "{'op':'subscribe','sub':'s','topics':['gather'],'cursor':'" + cursor + "'}");
            client.next("subscribed");
            JsonNode frame = client.next("records");
            assertThat(frame.get("records")).hasSize(1);
            assertThat(frame.at("/records/0/value").asString()).isEqualTo("after");
        }
    }

    @Test
    void aTopicThatIsOutOfSightForAMomentIsReadOnWhereItWasLeft() throws Exception {
        CLUSTER.topic("blink-a", 1);
        CLUSTER.store("blink-a", 0, "first".getBytes(StandardCharsets.UTF_8));
        try (StreamClient client = new StreamClient(gateway)) {
            client.next("hello");
            client.say(
                    "{'op':'subscribe','sub':'s','patterns':['blink-*'],'from':'earliest',"
                            + "'credit':100}");
            client.next("subscribed");
            assertThat(client.next("records").at("/records/0/value").asString()).isEqualTo("first");
            FakeCluster.FakeTopic hidden = CLUSTER.hide("blink-a");
            assertThat(client.next("changed").at("/removed/0").asString()).isEqualTo("blink-a");
            CLUSTER.show("blink-a", hidden);
            assertThat(client.next("changed").at("/added/0").asString()).isEqualTo("blink-a");
            CLUSTER.store("blink-a", 0, "second".getBytes(StandardCharsets.UTF_8));
            assertThat(client.next("records").at("/records/0/value").asString())
                    .isEqualTo("second");
        }
    }

    @Test
    void hostileFramesAreAnsweredOrEndTheConnection() throws Exception {
        CLUSTER.topic("hostile", 1);
        List<String> bad =
                List.of(
                        "",
                        "{",
                        "[]",
                        "null",
                        "{\"op\":1}",
                        "{\"op\":\"fly\",\"id\":\"1\"}",
                        "{\"op\":\"subscribe\"}",
                        "{\"op\":\"subscribe\",\"sub\":\"s\"}",
                        "{\"op\":\"subscribe\",\"sub\":\"s\",\"topics\":[1]}",
                        "{\"op\":\"subscribe\",\"sub\":\"s\",\"topics\":{}}",
                        "{\"op\":\"subscribe\",\"sub\":\"s\",\"topics\":[\"nope\"]}",
                        "{\"op\":\"subscribe\",\"sub\":\"s\",\"topics\":[\"hostile\"],\"credit\":-1}",
                        "{\"op\":\"subscribe\",\"sub\":\"s\",\"topics\":[\"hostile\"],\"cursor\":\"x\"}",
                        "{\"op\":\"subscribe\",\"sub\":\"s\",\"topics\":[\"hostile\"],\"gatherMs\":-1}",
                        "{\"op\":\"subscribe\",\"sub\":\"s\",\"topics\":[\"hostile\"],\"gatherMs\":1001}",
                        "{\"op\":\"subscribe\",\"sub\":\"s\",\"topics\":[\"hostile\"],\"gatherMs\":\"x\"}",
                        "{\"op\":\"unsubscribe\",\"sub\":\"nope\"}",
                        "{\"op\":\"credit\",\"sub\":\"nope\",\"records\":1}",
                        "{\"op\":\"produce\",\"topic\":\"hostile\"}",
                        "{\"op\":\"produce\",\"topic\":\"hostile\",\"records\":[{}]}",
                        "{\"op\":\"ping\",\"colour\":1}",
                        "{\"op\":\"ping\"} {}");
        try (StreamClient client = new StreamClient(gateway)) {
            client.next("hello");
            for (String frame : bad) {
                client.socket().sendText(frame, true).join();
                JsonNode error = client.next("error");
                assertThat(error.at("/problem/detail").asString()).as(frame).isNotBlank();
            }
            client.socket().sendBinary(ByteBuffer.wrap(new byte[10]), true).join();
            client.next("error");
            for (int i = 0; i < 3; i++) {
                client.say("{'op':'subscribe','sub':'s" + i + "','topics':['hostile']}");
                client.next("subscribed");
            }
            client.say("{'op':'subscribe','sub':'s0','topics':['hostile']}");
            assertThat(client.next("error").at("/problem/status").asInt()).isEqualTo(409);
            client.say("{'op':'subscribe','sub':'s9','topics':['hostile']}");
            assertThat(client.next("error").at("/problem/status").asInt()).isEqualTo(400);
            client.say("{'op':'ping','id':'alive'}");
            client.next("pong");
            client.socket().sendText("x".repeat(100_000), true);
            assertThat(client.closed().get(10, TimeUnit.SECONDS)).isEqualTo(1009);
        }
    }

    @Test
    void randomBytesNeverBreakTheServer() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("-Dseed=" + seed);
        Random random = new Random(seed);
        String valid =
                "{\"op\":\"produce\",\"id\":\"p\",\"topic\":\"fuzz\",\"records\":[{\"value\":1}]}";
        CLUSTER.topic("fuzz", 1);
        try (StreamClient client = new StreamClient(gateway)) {
            client.next("hello");
            for (int i = 0; i < 500; i++) {
                StringBuilder frame = new StringBuilder(valid);
                int changes = 1 + random.nextInt(4);
                for (int j = 0; j < changes; j++) {
                    int at = random.nextInt(frame.length());
                    switch (random.nextInt(3)) {
                        case 0 -> frame.setCharAt(at, (char) random.nextInt(0xd800));
                        case 1 -> frame.deleteCharAt(at);
                        default -> frame.insert(at, "{}[]\":,0-e\\".charAt(random.nextInt(11)));
                    }
                }
                client.socket().sendText(frame.toString(), true).join();
            }
            client.say("{'op':'ping','id':'end'}");
            while (true) {
                JsonNode frame = client.frames().poll(10, TimeUnit.SECONDS);
                assertThat(frame).isNotNull();
                if (frame.get("op").asString().equals("pong")
                        && "end".equals(frame.path("id").asString(""))) {
                    break;
                }
            }
        }
        await("budget back", () -> gateway.bean(BodyBudget.class).takenBytes() == 0);
    }

    @Test
    void oneFetchFeedsManyReaders() throws Exception {
        CLUSTER.topic("many", 1);
        List<StreamClient> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            StreamClient client = new StreamClient(gateway);
            clients.add(client);
            client.say("{'op':'subscribe','sub':'m','topics':['many']}");
            client.next("subscribed");
        }
        int before = 0;
        for (int i = 0; i < 6; i++) {
            // With the first record all have come to the end of the log.
            before = i == 1 ? CLUSTER.fetches.get() : before;
            CLUSTER.store("many", 0, new byte[] {'x'});
            for (StreamClient client : clients) {
                assertThat(client.next("records").at("/records/0/offset").asLong()).isEqualTo(i);
            }
        }
        assertThat(CLUSTER.fetches.get() - before).isLessThan(20);
        clients.forEach(StreamClient::close);
    }

    /** Opens a stream and reads nothing of it. */
    private static Socket silent(String request) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4096);
        socket.connect(
                new java.net.InetSocketAddress(
                        java.net.InetAddress.getLoopbackAddress(), gateway.port()));
        OutputStream out = socket.getOutputStream();
        out.write(request.replace("%n", "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
        return socket;
    }

    private static final int LARGE = 200_000;

    private static void large(String topic) {
        CLUSTER.topic(topic, 1);
        byte[] large = new byte[LARGE];
        for (int i = 0; i < 200; i++) {
            CLUSTER.store(topic, 0, large);
        }
    }

    /** Awaits that the gateway cuts the silent reader off, long before it read the whole log. */
    private static void isCutOff(Socket socket, long cutOffBefore, int fetchesBefore)
            throws IOException {
        socket.setSoTimeout((int) Duration.ofSeconds(20).toMillis());
        SlowReaders slowReaders = gateway.bean(SlowReaders.class);
        await("cut off", () -> slowReaders.count() > cutOffBefore);
        assertThat(CLUSTER.fetches.get() - fetchesBefore).isLessThan(100);
        byte[] buffer = new byte[1 << 20];
        long read = 0;
        try {
            for (int n = socket.getInputStream().read(buffer);
                    n >= 0;
                    n = socket.getInputStream().read(buffer)) {
                read += n;
            }
        } catch (SocketException e) {
            assertThat(e).hasMessageContaining("reset");
        }
        assertThat(read).isLessThan(200L * LARGE);
    }

    @Test
    void aReaderOfEventsThatTakesNothingIsCutOffAndHoldsNothing() throws Exception {
        large("slow");
        long cutOff = gateway.bean(SlowReaders.class).count();
        int fetches = CLUSTER.fetches.get();
        try (Socket socket =
                silent("GET /api/v1/topics/slow/events?from=earliest HTTP/1.1%nHost: x%n%n")) {
            isCutOff(socket, cutOff, fetches);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 50})
    void aWebSocketThatTakesNothingIsCutOffAndHoldsNothing(int gatherMs) throws Exception {
        String topic = "slow-" + gatherMs;
        large(topic);
        long cutOff = gateway.bean(SlowReaders.class).count();
        int fetches = CLUSTER.fetches.get();
        try (Socket socket =
                silent(
                        "GET /api/v1/ws HTTP/1.1%nHost: x%nUpgrade: websocket%n"
                                + "Connection: Upgrade%nSec-WebSocket-Version: 13%n"
                                + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==%n%n")) {
            // A client may speak only after the answer to its request.
            InputStream in = socket.getInputStream();
            StringBuilder answer = new StringBuilder();
            while (answer.indexOf("\r\n\r\n") < 0) {
                answer.append((char) in.read());
            }
            assertThat(answer.toString()).startsWith("HTTP/1.1 101 ");
            byte[] text =
                    ("{\"op\":\"subscribe\",\"sub\":\"s\",\"topics\":[\""
                                    + topic
                                    + "\"],\"from\":\"earliest\",\"gatherMs\":"
                                    + gatherMs
                                    + "}")
                            .getBytes(StandardCharsets.US_ASCII);
            // One final text frame below 126 bytes, masked with zeros.
            ByteBuffer frame = ByteBuffer.allocate(6 + text.length);
            frame.put((byte) 0x81).put((byte) (0x80 | text.length)).putInt(0).put(text);
            socket.getOutputStream().write(frame.array());
            isCutOff(socket, cutOff, fetches);
        }
    }
}
