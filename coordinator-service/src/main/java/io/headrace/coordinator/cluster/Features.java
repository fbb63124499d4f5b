package io.headrace.coordinator.cluster;

import java.util.Map;

/** Feature levels that the code of this version stands for (KIP-584). */
final class Features {
    static final String METADATA_VERSION = "metadata.version";

    /** The level of Kafka 4.3's metadata that the served APIs and configs correspond to. */
    static final short METADATA_LEVEL = 30;

    /**
     * What a new cluster finalizes. Transactions, the consumer, share and streams group protocols
     * are not among them: a level is finalized only when its code is there.
     */
    static final Map<String, Short> INITIAL = Map.of(METADATA_VERSION, METADATA_LEVEL);

    private Features() {}
}
