package io.headrace.protocol.codec;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.message.ListGroupsRequestData;
import org.apache.kafka.common.message.ListGroupsResponseData;
import org.apache.kafka.common.message.ListGroupsResponseData.ListedGroup;
import org.apache.kafka.common.protocol.ApiKeys;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

class ListGroupsPageTest {
    @Test
    void aRequestCarriesItsPageInEveryVersionThatHasTaggedFields() throws Exception {
        ListGroupsPage page = new ListGroupsPage("größe", "b-17", 101);
        for (short version = 3; version <= ApiKeys.LIST_GROUPS.latestVersion(); version++) {
            ByteBuffer bytes = MessageWriter.bytes(page.toRequest(), version);
            ListGroupsRequestData read =
                    ResponseReader.readInto(new ListGroupsRequestData(), version, bytes);
            assertThat(ListGroupsPage.of(read)).isEqualTo(page);
        }
    }

    @Test
    void aRequestOfAnotherClientAsksForAllGroups() {
        assertThat(ListGroupsPage.of(new ListGroupsRequestData())).isNull();
    }

    @Test
    void aResponseOfAnotherServerHasNoTotal() {
        assertThat(ListGroupsPage.total(of("a"))).isEqualTo(-1);
    }

    @Test
    void aPageHasTheFirstGroupsAfterItsCursorAndTheTotalOfAllThatMatch() {
        ListGroupsResponseData all = of("x3", "a", "x1", "x4", "x2");
        new ListGroupsPage("x", "x1", 2).cut(all);
        assertThat(ids(all)).containsExactly("x2", "x3");
        assertThat(ListGroupsPage.total(all)).isEqualTo(4);
    }

    @Test
    void pagesOfPartsMakeThePageOfTheWhole() {
        ListGroupsPage page = new ListGroupsPage("", "05", 4);
        List<ListGroupsResponseData> parts =
                IntStream.range(0, 3)
                        .mapToObj(
                                part ->
                                        of(
                                                IntStream.range(0, 20)
                                                        .filter(id -> id % 3 == part)
                                                        .mapToObj("%02d"::formatted)
                                                        .toArray(String[]::new)))
                        .toList();
        parts.forEach(page::cut);
        ListGroupsResponseData whole = page.merge(parts);
        assertThat(ids(whole)).containsExactly("06", "07", "08", "09");
        assertThat(ListGroupsPage.total(whole)).isEqualTo(20);
    }

    private static List<String> ids(ListGroupsResponseData response) {
        return response.groups().stream().map(ListedGroup::groupId).toList();
    }

    private static ListGroupsResponseData of(String... ids) {
        ListGroupsResponseData response = new ListGroupsResponseData();
        Stream.of(ids).forEach(id -> response.groups().add(new ListedGroup().setGroupId(id)));
        return response;
    }
}
