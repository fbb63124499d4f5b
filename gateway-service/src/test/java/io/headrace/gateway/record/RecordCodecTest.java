package io.headrace.gateway.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headrace.gateway.problem.ProblemException;

import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.charset.StandardCharsets;
import java.util.Random;

class RecordCodecTest {
    private static final RecordLimits LIMITS = new RecordLimits(100, 10);

    private static byte @Nullable [] sentBack(String payload) {
        byte[] body = ("{\"value\":" + payload + "}").getBytes(StandardCharsets.UTF_8);
        return RecordBody.parseJson(body, "t", LIMITS).records().getFirst().value();
    }

    private static String shown(byte @Nullable [] value, Representation as) {
        JsonOutput out = new JsonOutput(16);
        RecordWriter.writePayload(out, value, as);
        return out.toText();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "hello|\"hello\"",
                "{\"a\": 1.50}|{\"a\":1.50}",
                "42|\"42\"",
                "null|\"null\"",
                "[1, 2]|[1,2]",
                "{\"json\": 1}|{\"json\":{\"json\":1}}",
                "{\"text\": \"x\"}|{\"json\":{\"text\":\"x\"}}",
                "{\"te\\u0078t\": 1}|{\"json\":{\"te\\u0078t\":1}}",
                "{\"text\": 1, \"b\": 2}|{\"text\":1,\"b\":2}",
                "{broken|\"{broken\"",
                "{} {}|\"{} {}\"",
                "{\"a\": 01}|\"{\\\"a\\\": 01}\"",
            })
    void autoShowsTheShortestFormThatComesBack(String stored, String expected) {
        byte[] bytes = stored.getBytes(StandardCharsets.UTF_8);
        assertThat(shown(bytes, Representation.AUTO)).isEqualTo(expected);
    }

    @Test
    void whateverIsShownComesBackAsTheSameBytes() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("-Dseed=" + seed);
        Random random = new Random(seed);
        String alphabet = "{}[]\":,0123.eE+-truefalsn\\ \u0001é\ud83d\ude00json text";
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes;
            if (random.nextInt(4) == 0) {
                bytes = new byte[random.nextInt(12)];
                random.nextBytes(bytes);
            } else {
                StringBuilder text = new StringBuilder();
                int length = random.nextInt(20);
                for (int j = 0; j < length; j++) {
                    int at = random.nextInt(alphabet.length());
                    text.append(alphabet.charAt(at));
                }
                bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            }
            for (Representation as : Representation.values()) {
                String shown = shown(bytes, as);
                byte[] back = sentBack(shown);
                JsonOutput compact = new JsonOutput(16);
                boolean json =
                        Utf8.isValid(bytes)
                                && JsonText.compact(bytes, 0, bytes.length, compact) != null;
                boolean shownAsJson =
                        json
                                && !shown.startsWith("\"")
                                && !shown.startsWith("{\"text\"")
                                && !shown.startsWith("{\"base64\"");
                assertThat(back).as(shown).isEqualTo(shownAsJson ? compact.toBytes() : bytes);
            }
        }
        assertThat(sentBack(shown(null, Representation.AUTO))).isNull();
    }

    @Test
    void cursorsComeBackAndHostileOnesAreRefused() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("-Dseed=" + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            Cursor.Builder builder = new Cursor.Builder();
            for (int t = random.nextInt(4); t >= 0; t--) {
                String topic = "t" + random.nextInt(100);
                builder.topic(topic, Uuid.randomUuid());
                for (int p = random.nextInt(20); p > 0; p--) {
                    builder.place(
                            new TopicPartition(topic, random.nextInt(1000)),
                            random.nextLong() & Long.MAX_VALUE);
                }
            }
            Cursor cursor = builder.build();
            String text = CursorCodec.encode(cursor);
            assertThat(CursorCodec.decode(text)).isEqualTo(cursor);
            char[] changed = text.toCharArray();
            int at = random.nextInt(changed.length - 1);
            changed[at] = changed[at] == 'A' ? 'B' : 'A';
            assertThatThrownBy(() -> CursorCodec.decode(new String(changed)))
                    .isInstanceOf(ProblemException.class);
            String cut = text.substring(0, at);
            assertThatThrownBy(() -> CursorCodec.decode(cut)).isInstanceOf(ProblemException.class);
        }
    }

    @Test
    void deepNestingIsText() {
        byte[] deep = "[".repeat(10_000).getBytes(StandardCharsets.UTF_8);
        assertThat(shown(deep, Representation.AUTO)).startsWith("\"[[[");
        assertThatThrownBy(() -> sentBack("[".repeat(10_000))).isInstanceOf(ProblemException.class);
    }
}
