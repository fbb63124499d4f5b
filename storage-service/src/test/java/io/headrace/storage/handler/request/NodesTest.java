package io.headrace.storage.handler.request;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

class NodesTest {
    private static final List<Nodes.Address> LIVE =
            List.of(
                    new Nodes.Address(1, "a", 1, null),
                    new Nodes.Address(2, "b", 2, null),
                    new Nodes.Address(3, "c", 3, null));

    /** librdkafka adds up what all nodes list, and would see a group three times. */
    @Test
    void eachKeyIsListedByOneNode() {
        int[] listed = new int[4];
        for (int i = 0; i < 900; i++) {
            String key = "group" + i;
            long by =
                    LIVE.stream()
                            .filter(node -> Nodes.lists(LIVE, node.nodeId(), (byte) 0, key))
                            .peek(node -> listed[node.nodeId()]++)
                            .count();
            assertThat(by).isEqualTo(1);
        }
        assertThat(List.of(listed[1], listed[2], listed[3])).allMatch(count -> count > 200);
    }

    @Test
    void aNodeThatIsNotLiveListsAll() {
        assertThat(Nodes.lists(LIVE, 4, (byte) 0, "group")).isTrue();
        assertThat(Nodes.lists(List.of(), 1, (byte) 0, "group")).isTrue();
    }
}
