package io.headrace.client.produce.send;

import io.headrace.client.connection.Backoff;
import io.headrace.client.metadata.Metadata;
import io.headrace.transport.loop.Loop;

import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets a producer id from the cluster and raises its epoch; that of a transactional producer is
 * given to it. Confined to the sender's loop.
 */
final class IdentitySource {
    private static final Logger log = LoggerFactory.getLogger(IdentitySource.class);

    private final Metadata metadata;
    private final Loop loop;
    private final Backoff backoff;
    private final Runnable onReady;
    private final boolean given;
    private volatile ProducerIdentity current = ProducerIdentity.NONE;
    private boolean asking;
    private int failures;

    /**
     * @param given whether identities come from {@link #adopt} only
     */
    IdentitySource(Metadata metadata, Loop loop, Backoff backoff, Runnable onReady, boolean given) {
        this.given = given;
        this.metadata = metadata;
        this.loop = loop;
        this.backoff = backoff;
        this.onReady = onReady;
    }

    ProducerIdentity current() {
        return current;
    }

    /** Whether there is an identity; asks for one when there is none. */
    boolean isReady() {
        if (current.isNone() && !asking && !given) {
            ask();
        }
        return !current.isNone();
    }

    /** Goes on as somebody else: nothing is on its way. */
    void adopt(ProducerIdentity identity) {
        current = identity;
    }

    /** Raises the epoch unless that happened since {@code used}. */
    void requireNewerThan(ProducerIdentity used) {
        if (current.equals(used)) {
            current = used.canBump() ? used.bump() : ProducerIdentity.NONE;
        }
    }

    private void ask() {
        asking = true;
        InitProducerIdRequestData request =
                new InitProducerIdRequestData()
                        .setTransactionalId(null)
                        .setTransactionTimeoutMs(Integer.MAX_VALUE);
        metadata.callAny(ApiKeys.INIT_PRODUCER_ID, request, InitProducerIdResponseData.class)
                .whenComplete((answer, failure) -> loop.run(() -> onAnswer(answer, failure)));
    }

    private void onAnswer(
            @Nullable InitProducerIdResponseData answer, @Nullable Throwable failure) {
        if (answer != null && answer.errorCode() == Errors.NONE.code()) {
            asking = false;
            failures = 0;
            current = new ProducerIdentity(answer.producerId(), answer.producerEpoch());
            onReady.run();
            return;
        }
        Object reason = answer == null ? failure : Errors.forCode(answer.errorCode());
        log.warn("No producer id yet: {}", String.valueOf(reason));
        failures++;
        loop.schedule(
                () -> {
                    asking = false;
                    onReady.run();
                },
                backoff.delayMs(failures));
    }
}
