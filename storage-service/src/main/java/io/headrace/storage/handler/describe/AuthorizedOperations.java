package io.headrace.storage.handler.describe;

import org.apache.kafka.common.acl.AclOperation;

import java.util.Set;

/** What a client may do: without security everyone may do everything, as in Kafka. */
final class AuthorizedOperations {
    /** The answer to those who do not ask. */
    static final int NOT_ASKED = Integer.MIN_VALUE;

    /** All operations on a topic. */
    static final int TOPIC =
            bits(
                    Set.of(
                            AclOperation.READ,
                            AclOperation.WRITE,
                            AclOperation.CREATE,
                            AclOperation.DELETE,
                            AclOperation.ALTER,
                            AclOperation.DESCRIBE,
                            AclOperation.DESCRIBE_CONFIGS,
                            AclOperation.ALTER_CONFIGS));

    /** All operations on the cluster. */
    static final int CLUSTER =
            bits(
                    Set.of(
                            AclOperation.CREATE,
                            AclOperation.ALTER,
                            AclOperation.DESCRIBE,
                            AclOperation.CLUSTER_ACTION,
                            AclOperation.DESCRIBE_CONFIGS,
                            AclOperation.ALTER_CONFIGS,
                            AclOperation.IDEMPOTENT_WRITE));

    private AuthorizedOperations() {}

    private static int bits(Set<AclOperation> operations) {
        int bits = 0;
        for (AclOperation operation : operations) {
            bits |= 1 << operation.code();
        }
        return bits;
    }
}
