package io.headrace.coordinator.handler.transaction;

import io.headrace.coordinator.handler.routing.ManyShardsHandler;
import io.headrace.coordinator.handler.routing.ShardRouter;

import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.protocol.ApiKeys;

import java.util.List;

/** DescribeTransactions. */
final class DescribeTransactionsHandler
        extends ManyShardsHandler<
                DescribeTransactionsRequestData, DescribeTransactionsResponseData, String> {
    DescribeTransactionsHandler(ShardRouter router) {
        super(
                ApiKeys.DESCRIBE_TRANSACTIONS,
                DescribeTransactionsRequestData.class,
                DescribeTransactionsResponseData.class,
                router);
    }

    @Override
    protected List<String> things(DescribeTransactionsRequestData request, short version) {
        return request.transactionalIds();
    }

    @Override
    protected String id(String transactionalId) {
        return transactionalId;
    }

    @Override
    protected DescribeTransactionsRequestData part(
            DescribeTransactionsRequestData whole, List<String> transactionalIds) {
        return new DescribeTransactionsRequestData().setTransactionalIds(transactionalIds);
    }

    @Override
    protected DescribeTransactionsResponseData whole(
            DescribeTransactionsRequestData request,
            short version,
            List<DescribeTransactionsResponseData> parts) {
        DescribeTransactionsResponseData whole = new DescribeTransactionsResponseData();
        parts.forEach(part -> whole.transactionStates().addAll(part.transactionStates()));
        return whole;
    }
}
