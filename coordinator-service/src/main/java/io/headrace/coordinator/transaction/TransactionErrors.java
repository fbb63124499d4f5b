package io.headrace.coordinator.transaction;

import org.apache.kafka.common.message.AddOffsetsToTxnRequestData;
import org.apache.kafka.common.message.AddOffsetsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTopicCollection;
import org.apache.kafka.common.message.AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnPartitionResult;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnResult;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnTopicResult;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData.AddPartitionsToTxnTopicResultCollection;
import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.EndTxnRequestData;
import org.apache.kafka.common.message.EndTxnResponseData;
import org.apache.kafka.common.message.InitProducerIdRequestData;
import org.apache.kafka.common.message.InitProducerIdResponseData;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.ApiMessage;
import org.apache.kafka.common.protocol.Errors;

import java.util.function.ToIntBiFunction;

/** The responses of the transaction APIs that tell of one error and nothing else. */
public final class TransactionErrors {
    /** The first version of AddPartitionsToTxn that carries several transactions. */
    static final short BATCHED_ADD = 4;

    private static final short FENCED_IN_ADD_AND_END = 2;
    private static final short FENCED_IN_INIT = 4;

    private TransactionErrors() {}

    /**
     * A response of the request's API.
     *
     * @throws IllegalArgumentException if the request is of no transaction API
     */
    public static ApiMessage reply(ApiMessage request, short version, Errors error) {
        return switch (request) {
            case InitProducerIdRequestData init ->
                    new InitProducerIdResponseData()
                            .setErrorCode(known(error, version, FENCED_IN_INIT).code())
                            .setProducerId(-1)
                            .setProducerEpoch((short) -1);
            case AddPartitionsToTxnRequestData add -> addPartitions(add, version, error);
            case AddOffsetsToTxnRequestData add ->
                    new AddOffsetsToTxnResponseData()
                            .setErrorCode(known(error, version, FENCED_IN_ADD_AND_END).code());
            case EndTxnRequestData end ->
                    new EndTxnResponseData()
                            .setErrorCode(known(error, version, FENCED_IN_ADD_AND_END).code());
            case DescribeTransactionsRequestData describe -> describe(describe, error);
            case ListTransactionsRequestData list ->
                    new ListTransactionsResponseData().setErrorCode(error.code());
            default ->
                    throw new IllegalArgumentException("No transaction API: " + request.getClass());
        };
    }

    /** Older clients know another error for being fenced. */
    private static Errors known(Errors error, short version, short fencedSince) {
        return error == Errors.PRODUCER_FENCED && version < fencedSince
                ? Errors.INVALID_PRODUCER_EPOCH
                : error;
    }

    private static AddPartitionsToTxnResponseData addPartitions(
            AddPartitionsToTxnRequestData request, short version, Errors error) {
        AddPartitionsToTxnResponseData response = new AddPartitionsToTxnResponseData();
        if (version >= BATCHED_ADD) {
            for (AddPartitionsToTxnTransaction transaction : request.transactions()) {
                response.resultsByTransaction()
                        .add(
                                new AddPartitionsToTxnResult()
                                        .setTransactionalId(transaction.transactionalId())
                                        .setTopicResults(allTopics(transaction.topics(), error)));
            }
            return response;
        }
        Errors told = known(error, version, FENCED_IN_ADD_AND_END);
        return response.setResultsByTopicV3AndBelow(allTopics(request.v3AndBelowTopics(), told));
    }

    static AddPartitionsToTxnTopicResultCollection allTopics(
            AddPartitionsToTxnTopicCollection topics, Errors error) {
        return topics(topics, (topic, partition) -> error.code());
    }

    static AddPartitionsToTxnTopicResultCollection topics(
            AddPartitionsToTxnTopicCollection topics, ToIntBiFunction<String, Integer> errorCode) {
        AddPartitionsToTxnTopicResultCollection results =
                new AddPartitionsToTxnTopicResultCollection();
        for (var topic : topics) {
            AddPartitionsToTxnTopicResult result =
                    new AddPartitionsToTxnTopicResult().setName(topic.name());
            for (int partition : topic.partitions()) {
                result.resultsByPartition()
                        .add(
                                new AddPartitionsToTxnPartitionResult()
                                        .setPartitionIndex(partition)
                                        .setPartitionErrorCode(
                                                (short)
                                                        errorCode.applyAsInt(
                                                                topic.name(), partition)));
            }
            results.add(result);
        }
        return results;
    }

    private static DescribeTransactionsResponseData describe(
            DescribeTransactionsRequestData request, Errors error) {
        DescribeTransactionsResponseData response = new DescribeTransactionsResponseData();
        for (String id : request.transactionalIds()) {
            response.transactionStates()
                    .add(
                            new DescribeTransactionsResponseData.TransactionState()
                                    .setTransactionalId(id)
                                    .setErrorCode(error.code()));
        }
        return response;
    }
}
