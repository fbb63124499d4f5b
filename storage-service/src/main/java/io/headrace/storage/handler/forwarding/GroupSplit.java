package io.headrace.storage.handler.forwarding;

import org.apache.kafka.common.message.AddPartitionsToTxnRequestData;
import org.apache.kafka.common.message.AddPartitionsToTxnResponseData;
import org.apache.kafka.common.message.ConsumerGroupDescribeRequestData;
import org.apache.kafka.common.message.ConsumerGroupDescribeResponseData;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.protocol.ApiMessage;

import java.util.List;
import java.util.Set;

/**
 * How a request about several groups, or transactional ids, is taken apart, and its answers put
 * together.
 */
interface GroupSplit {
    /** The groups that the request is about. */
    List<String> groups(ApiMessage request);

    /** The same request about some of its groups. */
    ApiMessage only(ApiMessage request, Set<String> groups);

    /** Adds what one answer says to another. */
    void merge(ApiMessage into, ApiMessage answer);

    /** OffsetFetch: several groups from version 8 on. */
    record OffsetFetch() implements GroupSplit {
        @Override
        public List<String> groups(ApiMessage request) {
            OffsetFetchRequestData data = (OffsetFetchRequestData) request;
            return data.groups().isEmpty()
                    ? List.of(data.groupId())
                    : data.groups().stream()
                            .map(OffsetFetchRequestData.OffsetFetchRequestGroup::groupId)
                            .toList();
        }

        @Override
        public ApiMessage only(ApiMessage request, Set<String> groups) {
            OffsetFetchRequestData part = ((OffsetFetchRequestData) request).duplicate();
            part.groups().removeIf(group -> !groups.contains(group.groupId()));
            return part;
        }

        @Override
        public void merge(ApiMessage into, ApiMessage answer) {
            ((OffsetFetchResponseData) into)
                    .groups()
                    .addAll(((OffsetFetchResponseData) answer).groups());
        }
    }

    /** DescribeGroups. */
    record DescribeGroups() implements GroupSplit {
        @Override
        public List<String> groups(ApiMessage request) {
            return ((DescribeGroupsRequestData) request).groups();
        }

        @Override
        public ApiMessage only(ApiMessage request, Set<String> groups) {
            DescribeGroupsRequestData part = ((DescribeGroupsRequestData) request).duplicate();
            part.setGroups(part.groups().stream().filter(groups::contains).toList());
            return part;
        }

        @Override
        public void merge(ApiMessage into, ApiMessage answer) {
            ((DescribeGroupsResponseData) into)
                    .groups()
                    .addAll(((DescribeGroupsResponseData) answer).groups());
        }
    }

    /** ConsumerGroupDescribe. */
    record DescribeConsumerGroups() implements GroupSplit {
        @Override
        public List<String> groups(ApiMessage request) {
            return ((ConsumerGroupDescribeRequestData) request).groupIds();
        }

        @Override
        public ApiMessage only(ApiMessage request, Set<String> groups) {
            ConsumerGroupDescribeRequestData part =
                    ((ConsumerGroupDescribeRequestData) request).duplicate();
            part.setGroupIds(part.groupIds().stream().filter(groups::contains).toList());
            return part;
        }

        @Override
        public void merge(ApiMessage into, ApiMessage answer) {
            ((ConsumerGroupDescribeResponseData) into)
                    .groups()
                    .addAll(((ConsumerGroupDescribeResponseData) answer).groups());
        }
    }

    /** AddPartitionsToTxn: several transactions from version 4 on. */
    record AddPartitions() implements GroupSplit {
        @Override
        public List<String> groups(ApiMessage request) {
            AddPartitionsToTxnRequestData data = (AddPartitionsToTxnRequestData) request;
            return data.transactions().isEmpty()
                    ? List.of(data.v3AndBelowTransactionalId())
                    : data.transactions().stream()
                            .map(
                                    AddPartitionsToTxnRequestData.AddPartitionsToTxnTransaction
                                            ::transactionalId)
                            .toList();
        }

        @Override
        public ApiMessage only(ApiMessage request, Set<String> groups) {
            AddPartitionsToTxnRequestData part = new AddPartitionsToTxnRequestData();
            for (var transaction : ((AddPartitionsToTxnRequestData) request).transactions()) {
                if (groups.contains(transaction.transactionalId())) {
                    part.transactions().add(transaction.duplicate());
                }
            }
            return part;
        }

        @Override
        public void merge(ApiMessage into, ApiMessage answer) {
            for (var result : ((AddPartitionsToTxnResponseData) answer).resultsByTransaction()) {
                ((AddPartitionsToTxnResponseData) into)
                        .resultsByTransaction()
                        .add(result.duplicate());
            }
        }
    }

    /** DescribeTransactions. */
    record DescribeTransactions() implements GroupSplit {
        @Override
        public List<String> groups(ApiMessage request) {
            return ((DescribeTransactionsRequestData) request).transactionalIds();
        }

        @Override
        public ApiMessage only(ApiMessage request, Set<String> groups) {
            DescribeTransactionsRequestData part =
                    ((DescribeTransactionsRequestData) request).duplicate();
            part.setTransactionalIds(
                    part.transactionalIds().stream().filter(groups::contains).toList());
            return part;
        }

        @Override
        public void merge(ApiMessage into, ApiMessage answer) {
            ((DescribeTransactionsResponseData) into)
                    .transactionStates()
                    .addAll(((DescribeTransactionsResponseData) answer).transactionStates());
        }
    }

    /** DeleteGroups. */
    record DeleteGroups() implements GroupSplit {
        @Override
        public List<String> groups(ApiMessage request) {
            return ((DeleteGroupsRequestData) request).groupsNames();
        }

        @Override
        public ApiMessage only(ApiMessage request, Set<String> groups) {
            DeleteGroupsRequestData part = ((DeleteGroupsRequestData) request).duplicate();
            part.setGroupsNames(part.groupsNames().stream().filter(groups::contains).toList());
            return part;
        }

        @Override
        public void merge(ApiMessage into, ApiMessage answer) {
            for (var result : ((DeleteGroupsResponseData) answer).results()) {
                ((DeleteGroupsResponseData) into).results().add(result.duplicate());
            }
        }
    }
}
