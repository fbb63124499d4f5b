package io.headrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.client.admin.GroupListing;
import io.headrace.client.admin.GroupPage;
import io.headrace.client.connection.ConnectionOptions;
import io.headrace.protocol.codec.ListGroupsPage;

import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.message.MetadataResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Pages of groups of a node that knows pages, of one that does not, and of one of old versions. */
@NullUnmarked // A missing answer fails the test as well as a check of it would.
class GroupPagesTest {
    private static final int GROUPS = 95;
    private static final short NEWEST = ApiKeys.LIST_GROUPS.latestVersion();

    private volatile boolean knowsPages;
    private volatile short version = NEWEST;
    private volatile int longestAnswer;
    private final FakeNode node =
            new FakeNode(
                    List.of(ApiKeys.METADATA, ApiKeys.LIST_GROUPS),
                    api -> api == ApiKeys.LIST_GROUPS ? version : api.latestVersion(),
                    (request, head, body) ->
                            body instanceof ListGroupsRequestData list ? groups(list) : metadata());

    @AfterEach
    void stop() {
        node.close();
    }

    private HeadraceClient client(Duration retryBackoff) {
        return HeadraceClient.builder()
                .bootstrap(node.bootstrap())
                .connection(
                        ConnectionOptions.builder()
                                .operationTimeout(Duration.ofSeconds(20))
                                .retryBackoff(retryBackoff)
                                .retryBackoffMax(retryBackoff)
                                .build())
                .build();
    }

    @ParameterizedTest
    @CsvSource({"true, 5", "false, 5", "false, 2"})
    void pagesMakeTheWhole(boolean withPages, short newest) {
        knowsPages = withPages;
        version = newest;
        HeadraceClient client = client(Duration.ofSeconds(20));
        try {
            List<String> found = new ArrayList<>();
            String after = "";
            boolean hasMore = true;
            while (hasMore) {
                // Shorter than the pause between two questions for metadata.
                GroupPage page =
                        client.admin().listGroups("g-", after, 10).block(Duration.ofSeconds(10));
                assertThat(page.total()).isEqualTo(GROUPS);
                assertThat(page.groups()).hasSizeLessThanOrEqualTo(10);
                page.groups().stream().map(GroupListing::groupId).forEach(found::add);
                after = found.getLast();
                hasMore = page.hasMore();
            }
            assertThat(found)
                    .containsExactlyElementsOf(
                            IntStream.range(0, GROUPS).mapToObj("g-%03d"::formatted).toList());
            assertThat(longestAnswer).isEqualTo(withPages ? 11 : GROUPS + 1);
        } finally {
            client.close().block(Duration.ofSeconds(10));
        }
    }

    @Test
    void allGroupsAreListedWithoutPages() {
        knowsPages = true;
        HeadraceClient client = client(Duration.ofMillis(2));
        try {
            assertThat(client.admin().listGroups().block(Duration.ofSeconds(10)))
                    .hasSize(GROUPS + 1);
        } finally {
            client.close().block(Duration.ofSeconds(10));
        }
    }

    private ListGroupsResponseData groups(ListGroupsRequestData asked) {
        ListGroupsResponseData answer = new ListGroupsResponseData();
        answer.groups().add(new ListedGroup().setGroupId("another"));
        for (int i = GROUPS - 1; i >= 0; i--) {
            answer.groups().add(new ListedGroup().setGroupId("g-%03d".formatted(i)));
        }
        ListGroupsPage page = ListGroupsPage.of(asked);
        if (knowsPages && page != null) {
            page.cut(answer);
        }
        longestAnswer = Math.max(longestAnswer, answer.groups().size());
        return answer;
    }

    private MetadataResponseData metadata() {
        return node.metadata();
    }
}
