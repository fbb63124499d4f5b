package io.headrace.storage.handler.forwarding;

import org.apache.kafka.common.message.AlterPartitionReassignmentsRequestData;
import org.apache.kafka.common.message.CreatePartitionsRequestData;
import org.apache.kafka.common.message.CreateTopicsRequestData;
import org.apache.kafka.common.message.DeleteTopicsRequestData;
import org.apache.kafka.common.message.ElectLeadersRequestData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.UpdateFeaturesRequestData;
import org.apache.kafka.common.protocol.ApiMessage;

import java.time.Duration;

/** How long the answer to a forwarded request may take. */
final class ForwardTimeouts {
    private static final long GRACE_MS = 5_000;
    private static final long USUAL_MS = 30_000;
    private static final long LONGEST_MS = 60 * 60_000;

    private ForwardTimeouts() {}

    /** The time that the request itself gives, where it does, and some more. */
    static Duration of(ApiMessage body) {
        long givenMs =
                switch (body) {
                    // A rebalance holds these until every member came or its time is up.
                    case JoinGroupRequestData join ->
                            Math.max(join.rebalanceTimeoutMs(), join.sessionTimeoutMs());
                    case SyncGroupRequestData sync -> 5 * 60_000;
                    case CreateTopicsRequestData create -> create.timeoutMs();
                    case DeleteTopicsRequestData delete -> delete.timeoutMs();
                    case CreatePartitionsRequestData create -> create.timeoutMs();
                    case ElectLeadersRequestData elect -> elect.timeoutMs();
                    case UpdateFeaturesRequestData update -> update.timeoutMs();
                    case AlterPartitionReassignmentsRequestData alter -> alter.timeoutMs();
                    default -> USUAL_MS;
                };
        return Duration.ofMillis(Math.clamp(givenMs, 0, LONGEST_MS) + GRACE_MS);
    }
}
