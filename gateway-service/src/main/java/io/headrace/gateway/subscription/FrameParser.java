package io.headrace.gateway.subscription;

import io.headrace.client.consume.Position;
import io.headrace.gateway.problem.Problem;
import io.headrace.gateway.problem.ProblemException;
import io.headrace.gateway.record.ConsumeHandler;
import io.headrace.gateway.record.ProduceHandler;
import io.headrace.gateway.record.RecordBody;
import io.headrace.gateway.record.RecordLimits;
import io.headrace.gateway.record.Start;
import io.headrace.gateway.record.TopicNames;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads what a client says. Any bytes give a frame or a {@link ProblemException}. */
final class FrameParser {
    private static final JsonFactory JSON = new JsonFactory();
    private static final int MAX_NAME_LENGTH = 200;
    private static final long MAX_GATHER_MS = 1000;
    private static final Set<String> LISTS = Set.of("topics", "patterns");
    private static final Map<String, Set<String>> MEMBERS =
            Map.of(
                    "subscribe",
                    Set.of(
                            "sub",
                            "topics",
                            "patterns",
                            "from",
                            "timestamp",
                            "back",
                            "cursor",
                            "as",
                            "credit",
                            "gatherMs"),
                    "unsubscribe",
                    Set.of("sub"),
                    "credit",
                    Set.of("sub", "records"),
                    "produce",
                    Set.of("topic", "acks", "records"),
                    "ping",
                    Set.of());

    private final RecordLimits limits;
    private final int maxTopics;

    FrameParser(RecordLimits limits, int maxTopics) {
        this.limits = limits;
        this.maxTopics = maxTopics;
    }

    /** The members of a frame, not yet understood. */
    private static final class Members {
        private final Map<String, String> scalars = new HashMap<>();
        private final Map<String, List<String>> lists = new HashMap<>();
        private byte @Nullable [] records;
    }

    /**
     * Reads the frame's mark if it can be read at all, so that even an error can repeat it.
     *
     * @return null when there is none
     */
    static @Nullable String idOf(byte[] frame) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), frame)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return null;
            }
            for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                JsonToken token = parser.nextToken();
                if (name.equals("id") && token == JsonToken.VALUE_STRING) {
                    String id = parser.getString();
                    return id.length() > MAX_NAME_LENGTH ? null : id;
                }
                parser.skipChildren();
            }
            return null;
        } catch (JacksonException e) {
            return null;
        }
    }

    ClientFrame parse(byte[] frame) {
        Members members;
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), frame)) {
            members = read(parser, frame);
        } catch (JacksonException e) {
            throw invalid("The frame is malformed JSON: " + e.getOriginalMessage());
        }
        String op = members.scalars.get("op");
        Set<String> allowed = op == null ? null : MEMBERS.get(op);
        if (op == null || allowed == null) {
            throw invalid(
                    "op is "
                            + (op == null ? "missing" : "\"" + op + "\"")
                            + ": say subscribe, unsubscribe, credit, produce or ping.");
        }
        Set<String> given = new HashSet<>(members.scalars.keySet());
        given.addAll(members.lists.keySet());
        if (members.records != null) {
            given.add("records");
        }
        given.removeAll(allowed);
        given.removeAll(Set.of("op", "id"));
        if (!given.isEmpty()) {
            throw invalid(op + " knows no " + String.join(", ", given) + ".");
        }
        String id = members.scalars.get("id");
        return switch (op) {
            case "subscribe" -> subscribe(id, members);
            case "unsubscribe" -> new ClientFrame.Unsubscribe(id, sub(members));
            case "credit" -> new ClientFrame.AddCredit(id, sub(members), credit(members));
            case "produce" -> produce(id, members);
            default -> new ClientFrame.Ping(id);
        };
    }

    private static Members read(JsonParser parser, byte[] frame) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw invalid("A frame is an object: {\"op\": ...}.");
        }
        Members members = new Members();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            JsonToken token = parser.nextToken();
            if (token == JsonToken.START_ARRAY && LISTS.contains(name)) {
                members.lists.put(name, strings(parser, name));
            } else if (name.equals("records") && token == JsonToken.START_ARRAY) {
                int from = (int) parser.currentTokenLocation().getByteOffset();
                parser.skipChildren();
                members.records =
                        Arrays.copyOfRange(
                                frame, from, (int) parser.currentLocation().getByteOffset());
            } else if (token.isScalarValue()) {
                if (token != JsonToken.VALUE_NULL) {
                    members.scalars.put(name, parser.getString());
                }
            } else {
                throw invalid(name + " must not be an object or a list.");
            }
        }
        if (parser.nextToken() != null) {
            throw invalid("The frame is followed by something else.");
        }
        return members;
    }

    private static List<String> strings(JsonParser parser, String name) {
        List<String> strings = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            if (parser.currentToken() != JsonToken.VALUE_STRING) {
                throw invalid(name + " must be a list of strings.");
            }
            strings.add(parser.getString());
        }
        return strings;
    }

    private ClientFrame subscribe(@Nullable String id, Members members) {
        Selection selection =
                Selection.of(
                        members.lists.getOrDefault("topics", List.of()),
                        members.lists.getOrDefault("patterns", List.of()),
                        maxTopics);
        Start start =
                Start.parse(
                        members.scalars.get("cursor"),
                        members.scalars.get("from"),
                        members.scalars.get("timestamp"),
                        null,
                        number(members, "back"),
                        Position.latest());
        Long credit = number(members, "credit");
        if (credit != null && credit < 0) {
            throw invalid("credit is " + credit + ": say zero or more records.");
        }
        return new ClientFrame.Subscribe(
                id,
                sub(members),
                selection,
                start,
                ConsumeHandler.representation(members.scalars.getOrDefault("as", "auto")),
                credit,
                gather(members));
    }

    private static Duration gather(Members members) {
        Long millis = number(members, "gatherMs");
        if (millis == null) {
            return Duration.ZERO;
        }
        if (millis < 0 || millis > MAX_GATHER_MS) {
            throw invalid("gatherMs is " + millis + ": say 0 to " + MAX_GATHER_MS + ".");
        }
        return Duration.ofMillis(millis);
    }

    private ClientFrame produce(@Nullable String id, Members members) {
        String topic = members.scalars.get("topic");
        if (topic == null || members.records == null) {
            throw invalid("produce needs topic and records, a list.");
        }
        TopicNames.check(topic);
        byte[] head = "{\"records\":".getBytes(StandardCharsets.UTF_8);
        byte[] body = Arrays.copyOf(head, head.length + members.records.length + 1);
        System.arraycopy(members.records, 0, body, head.length, members.records.length);
        body[body.length - 1] = '}';
        return new ClientFrame.Produce(
                id,
                ProduceHandler.acks(members.scalars.getOrDefault("acks", "all")),
                RecordBody.parseJson(body, topic, limits).records());
    }

    private static String sub(Members members) {
        String sub = members.scalars.get("sub");
        if (sub == null || sub.isEmpty() || sub.length() > MAX_NAME_LENGTH) {
            throw invalid(
                    "sub, your name of the subscription, has 1 to "
                            + MAX_NAME_LENGTH
                            + " characters.");
        }
        return sub;
    }

    private static long credit(Members members) {
        Long records = number(members, "records");
        if (records == null || records < 1) {
            throw invalid("credit needs records, one or more.");
        }
        return records;
    }

    private static @Nullable Long number(Members members, String name) {
        String text = members.scalars.get(name);
        if (text == null) {
            return null;
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw invalid(name + " is \"" + text + "\", not a whole number.");
        }
    }

    private static ProblemException invalid(String detail) {
        return Problem.invalidRequest(detail).toException();
    }
}
