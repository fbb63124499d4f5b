package io.headrace.client.produce.send;

import io.headrace.client.produce.ProducerMetrics;

import java.util.concurrent.atomic.LongAdder;

/** What a producer counts. Thread-safe. */
final class ProducerCounters {
    private final LongAdder recordsSent = new LongAdder();
    private final LongAdder recordsFailed = new LongAdder();
    private final LongAdder batchesSent = new LongAdder();
    private final LongAdder bytesSent = new LongAdder();
    private final LongAdder requests = new LongAdder();
    private final LongAdder retries = new LongAdder();

    void onAcknowledged(int records, int bytes) {
        recordsSent.add(records);
        batchesSent.increment();
        bytesSent.add(bytes);
    }

    void onFailed(int records) {
        recordsFailed.add(records);
    }

    void onRequest() {
        requests.increment();
    }

    void onRetry() {
        retries.increment();
    }

    ProducerMetrics snapshot(long bufferedBytes, int waiting, ProducerIdentity identity) {
        return new ProducerMetrics(
                recordsSent.sum(),
                recordsFailed.sum(),
                batchesSent.sum(),
                bytesSent.sum(),
                requests.sum(),
                retries.sum(),
                bufferedBytes,
                waiting,
                identity.producerId(),
                identity.producerEpoch());
    }
}
