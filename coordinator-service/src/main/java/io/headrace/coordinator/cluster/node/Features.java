package io.headrace.coordinator.cluster.node;

import java.util.Map;

/** Feature levels that the code of this version stands for (KIP-584). */
final class Features {
    static final String METADATA_VERSION = "metadata.version";

    /** The level of Kafka 4.3's metadata that the served APIs and configs correspond to. */
    static final short METADATA_LEVEL = 30;

    static final String GROUP_VERSION = "group.version";

    /** The level that turns the consumer protocol on (KIP-848). */
    static final short GROUP_LEVEL = 1;

    static final String TRANSACTION_VERSION = "transaction.version";

    /** Partitions are added by producing to them, and every transaction has its epoch (KIP-890). */
    static final short TRANSACTION_LEVEL = 2;

    static final String SHARE_VERSION = "share.version";

    /** The level that turns share groups on (KIP-932). */
    static final short SHARE_LEVEL = 1;

    /**
     * What a new cluster finalizes. The protocol of streams groups is not among them: a level is
     * finalized only when its code is there.
     */
    static final Map<String, Short> INITIAL =
            Map.of(
                    METADATA_VERSION,
                    METADATA_LEVEL,
                    GROUP_VERSION,
                    GROUP_LEVEL,
                    TRANSACTION_VERSION,
                    TRANSACTION_LEVEL,
                    SHARE_VERSION,
                    SHARE_LEVEL);

    private Features() {}
}
