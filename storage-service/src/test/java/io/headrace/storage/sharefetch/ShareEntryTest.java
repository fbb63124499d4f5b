package io.headrace.storage.sharefetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.headrace.storage.share.SharedPartition;

import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.Errors;
import org.junit.jupiter.api.Test;

import java.util.List;

class ShareEntryTest {
    private static ShareEntry entry(boolean isNamed) {
        ShareEntry entry =
                new ShareEntry(new SharedPartition(new Uuid(1, 2), 0), List.of(), true, isNamed);
        entry.refuse(Errors.UNKNOWN_TOPIC_OR_PARTITION);
        return entry;
    }

    /** librdkafka ended with a fault in memory when a closing ShareAcknowledge got more. */
    @Test
    void anAcknowledgementIsNotToldOfOtherPartitionsOfItsSession() {
        assertThat(entry(false).isTold(false, true)).isFalse();
        assertThat(entry(false).isTold(false, false)).isFalse();
        assertThat(entry(true).isTold(false, true)).isTrue();
    }

    @Test
    void aFetchIsToldOfAllThatIsWrong() {
        assertThat(entry(false).isTold(true, false)).isTrue();
    }
}
