package io.headrace.standalone.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.standalone.RunningPlatform;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/** As many groups as a large cluster has, over HTTP: a page of them comes within a second. */
@Tag("fault")
@Timeout(300)
class ManyGroupsIT {
    private static final Logger LOG = LoggerFactory.getLogger(ManyGroupsIT.class);
    private static final int GROUPS = 15_000;
    private static final int UNDER_WAY = 200;
    private static final int PAGE = 1_000;

    @TempDir private Path data;

    @Test
    void fifteenThousandGroupsAreListedWithinASecond() throws Exception {
        try (RunningPlatform platform = RunningPlatform.start(data)) {
            fill(platform.kafkaAddress());
            try (HttpCalls http = new HttpCalls(platform.httpUrl())) {
                readAll(http, ""); // the servers' code is compiled while they work
                List<Duration> pages = readAll(http, "");
                assertThat(pages).hasSize(GROUPS / PAGE).allMatch(ManyGroupsIT::isWithinASecond);
                LOG.info("All {} groups in {} pages: {}", GROUPS, pages.size(), sum(pages));
                List<Duration> withLag = readAll(http, "&lag=true");
                LOG.info("The same with their lag: {}, {}", sum(withLag), withLag);
                assertThat(withLag).allMatch(ManyGroupsIT::isWithinASecond);
            }
        }
    }

    private static boolean isWithinASecond(Duration took) {
        return took.compareTo(Duration.ofSeconds(1)) < 0;
    }

    private static Duration sum(List<Duration> durations) {
        return durations.stream().reduce(Duration.ZERO, Duration::plus);
    }

    /** Each group has committed one offset. */
    private static void fill(String bootstrap) throws Exception {
        TopicPartition partition = new TopicPartition("read", 0);
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            admin.createTopics(List.of(new NewTopic("read", 1, (short) 1))).all().get();
            Deque<KafkaFuture<Void>> underWay = new ArrayDeque<>();
            for (int i = 0; i < GROUPS; i++) {
                underWay.add(
                        admin.alterConsumerGroupOffsets(
                                        String.format("group-%05d", i),
                                        Map.of(partition, new OffsetAndMetadata(0)))
                                .all());
                if (underWay.size() >= UNDER_WAY) {
                    underWay.remove().get();
                }
            }
            for (KafkaFuture<Void> last : underWay) {
                last.get();
            }
        }
    }

    /** Goes through all pages; how long each took. */
    private static List<Duration> readAll(HttpCalls http, String more) throws Exception {
        List<Duration> pages = new ArrayList<>();
        List<String> names = new ArrayList<>();
        String after = "";
        while (after != null) {
            long began = System.nanoTime();
            JsonNode page =
                    http.get("/api/v1/groups?limit=" + PAGE + "&after=" + after + more).ok().json();
            pages.add(Duration.ofNanos(System.nanoTime() - began));
            assertThat(page.get("total").asInt()).isEqualTo(GROUPS);
            page.get("groups")
                    .forEach(
                            group -> {
                                names.add(group.get("groupId").asString());
                                assertThat(group.hasNonNull("totalLag")).isEqualTo(!more.isEmpty());
                            });
            JsonNode next = page.get("next");
            after = next == null || next.isNull() ? null : next.asString();
        }
        assertThat(names).hasSize(GROUPS).isSorted().doesNotHaveDuplicates();
        return pages;
    }
}
