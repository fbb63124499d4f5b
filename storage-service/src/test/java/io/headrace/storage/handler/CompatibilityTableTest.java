package io.headrace.storage.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.storage.handler.forwarding.ForwardingHandler;
import io.headrace.storage.handler.request.ApiHandler;
import io.headrace.storage.handler.request.Services;

import org.apache.kafka.common.message.ApiMessageType.ListenerType;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.reflect.Constructor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/**
 * The table in docs/COMPATIBILITY.md is that of the registered handlers. Run with {@code
 * -Dupdate=true} to write it anew.
 */
class CompatibilityTableTest {
    private static final String BEGIN = "<!-- generated: apis -->";
    private static final String END = "<!-- end of generated -->";

    private static final String SHARE =
            "between storage nodes and coordinators only: no client has a use for it";

    /** Why Kafka Streams' own protocol (KIP-1071) is off. */
    private static final String STREAMS =
            "streams.version is 0: Kafka Streams runs on classic groups, its default; this protocol"
                    + " would move task assignment and topology checks into the coordinator";

    private static final String SECURITY = "security has its own issue";

    /** Why an API of Kafka's is not served. */
    private static final Map<ApiKeys, String> WHY_NOT =
            Map.ofEntries(
                    Map.entry(ApiKeys.SASL_AUTHENTICATE, SECURITY),
                    Map.entry(ApiKeys.CREATE_DELEGATION_TOKEN, SECURITY),
                    Map.entry(ApiKeys.RENEW_DELEGATION_TOKEN, SECURITY),
                    Map.entry(ApiKeys.EXPIRE_DELEGATION_TOKEN, SECURITY),
                    Map.entry(ApiKeys.DESCRIBE_DELEGATION_TOKEN, SECURITY),
                    Map.entry(
                            ApiKeys.GET_TELEMETRY_SUBSCRIPTIONS,
                            "only with a telemetry receiver, as in Kafka"),
                    Map.entry(
                            ApiKeys.PUSH_TELEMETRY, "only with a telemetry receiver, as in Kafka"),
                    Map.entry(ApiKeys.ADD_RAFT_VOTER, "there is no Raft quorum to change"),
                    Map.entry(ApiKeys.REMOVE_RAFT_VOTER, "there is no Raft quorum to change"));

    private static String table(HandlerRegistry registry) {
        StringBuilder table =
                new StringBuilder(
                        "| key | API | Kafka 4.3 | here | why not |\n|---|---|---|---|---|\n");
        List<ApiKeys> apis =
                ApiKeys.apisForListener(ListenerType.BROKER).stream()
                        .sorted(Comparator.comparingInt(api -> api.id))
                        .toList();
        for (ApiKeys api : apis) {
            ApiHandler handler = registry.find(api.id);
            int min = api == ApiKeys.PRODUCE ? 0 : api.oldestVersion();
            String versions = min + "-" + api.latestVersion();
            String here =
                    handler == null
                            ? "no"
                            : handler instanceof ForwardingHandler
                                    ? versions + ", by the coordinator"
                                    : versions;
            String why = handler == null ? whyNot(api) : "";
            table.append(
                    "| %d | %s | %s | %s | %s |%n"
                            .formatted(api.id, api.name, versions, here, why));
        }
        return table.toString();
    }

    private static String whyNot(ApiKeys api) {
        String why = WHY_NOT.get(api);
        if (why != null) {
            return why;
        }
        if (api.name.startsWith("StreamsGroup")) {
            return STREAMS;
        }
        return api.name.contains("ShareGroupState") ? SHARE : "not yet";
    }

    /** Handlers say what they serve without anything to serve it with. */
    private static Services noServices() throws ReflectiveOperationException {
        Constructor<?> constructor = Services.class.getDeclaredConstructors()[0];
        return (Services) constructor.newInstance(new Object[constructor.getParameterCount()]);
    }

    @Test
    void theTableIsThatOfTheRegisteredHandlers() throws IOException, ReflectiveOperationException {
        Path file = Path.of("../docs/COMPATIBILITY.md");
        String text = Files.readString(file);
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END);
        assertThat(end).isGreaterThan(begin);
        String wanted = "\n" + table(Handlers.of(noServices())) + "\n";
        if (Boolean.getBoolean("update")) {
            Files.writeString(file, text.substring(0, begin) + wanted + text.substring(end));
            return;
        }
        assertThat(text.substring(begin, end)).isEqualTo(wanted);
    }
}
