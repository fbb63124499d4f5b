package io.headrace.coordinator.group;

import org.apache.kafka.common.message.JoinGroupResponseData;

/** Makes responses fit for clients of older versions. */
final class Versions {
    private static final short NULLABLE_PROTOCOL = 7;
    private static final short SKIP_ASSIGNMENT = 9;

    private Versions() {}

    /** Version 9 knows of a skipped assignment (KIP-814), version 7 of no protocol. */
    static JoinGroupResponseData of(JoinGroupResponseData response, short version) {
        if (version < NULLABLE_PROTOCOL && response.protocolName() == null) {
            response.setProtocolName("");
        }
        if (version < SKIP_ASSIGNMENT) {
            response.setSkipAssignment(false);
        }
        return response;
    }
}
