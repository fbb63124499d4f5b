package io.headrace.client.produce;

/**
 * What a producer did so far, at one moment.
 *
 * @param recordsSent records acknowledged
 * @param recordsFailed records that failed
 * @param batchesSent batches acknowledged
 * @param bytesSent bytes of acknowledged batches, as sent
 * @param requests produce requests written
 * @param retries batches sent again
 * @param bufferedBytes bytes of the buffer that are taken now
 * @param waitingRecords records that wait for room or metadata now
 * @param producerId the producer id now; -1 while there is none
 * @param producerEpoch its epoch; -1 while there is none
 */
public record ProducerMetrics(
        long recordsSent,
        long recordsFailed,
        long batchesSent,
        long bytesSent,
        long requests,
        long retries,
        long bufferedBytes,
        int waitingRecords,
        long producerId,
        short producerEpoch) {}
