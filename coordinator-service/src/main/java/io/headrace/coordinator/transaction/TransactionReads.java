package io.headrace.coordinator.transaction;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;

import io.headrace.coordinator.shard.ShardRequest;

import org.apache.kafka.common.message.DescribeTransactionsRequestData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData;
import org.apache.kafka.common.message.DescribeTransactionsResponseData.TopicData;
import org.apache.kafka.common.message.ListTransactionsRequestData;
import org.apache.kafka.common.message.ListTransactionsResponseData;
import org.apache.kafka.common.protocol.Errors;
import org.jspecify.annotations.Nullable;

import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.SortedSet;

/** Decides DescribeTransactions and ListTransactions (KIP-664). Confined to the shard's core. */
final class TransactionReads {
    private static final Set<String> STATES = states();

    private final TransactionSpace space;
    private final Markers markers;

    TransactionReads(TransactionSpace space, Markers markers) {
        this.space = space;
        this.markers = markers;
    }

    private static Set<String> states() {
        Set<String> names = new HashSet<>();
        for (TransactionStatus status : TransactionStatus.values()) {
            names.add(status.label());
        }
        names.add(TransactionStatus.DEAD);
        names.add(TransactionStatus.PREPARE_EPOCH_FENCE);
        return names;
    }

    void decide(ShardRequest request, DescribeTransactionsRequestData body) {
        DescribeTransactionsResponseData response = new DescribeTransactionsResponseData();
        for (String id : body.transactionalIds()) {
            response.transactionStates().add(describe(id));
        }
        space.reply(request, response);
    }

    private DescribeTransactionsResponseData.TransactionState describe(String transactionalId) {
        DescribeTransactionsResponseData.TransactionState described =
                new DescribeTransactionsResponseData.TransactionState()
                        .setTransactionalId(transactionalId);
        if (transactionalId.isEmpty()) {
            return described.setErrorCode(Errors.INVALID_REQUEST.code());
        }
        TransactionState state = space.state(transactionalId);
        if (state == null) {
            return described.setErrorCode(Errors.TRANSACTIONAL_ID_NOT_FOUND.code());
        }
        described
                .setTransactionState(state.status().label())
                .setTransactionTimeoutMs(state.timeoutMs())
                .setTransactionStartTimeMs(state.startMs())
                .setProducerId(state.producerId())
                .setProducerEpoch(state.producerEpoch());
        for (TransactionPartition partition : openIn(transactionalId, state)) {
            TopicData topic = described.topics().find(partition.topic());
            if (topic == null) {
                topic = new TopicData().setTopic(partition.topic());
                described.topics().add(topic);
            }
            topic.partitions().add(partition.partition());
        }
        return described;
    }

    private SortedSet<TransactionPartition> openIn(String id, TransactionState state) {
        return switch (state.status()) {
            case ONGOING -> state.partitions();
            case PREPARE_COMMIT, PREPARE_ABORT -> markers.open(id);
            case EMPTY, COMPLETE_COMMIT, COMPLETE_ABORT -> Collections.emptySortedSet();
        };
    }

    void decide(ShardRequest request, ListTransactionsRequestData body) {
        ListTransactionsResponseData response = new ListTransactionsResponseData();
        Pattern pattern;
        try {
            pattern = pattern(body.transactionalIdPattern());
        } catch (PatternSyntaxException e) {
            space.replyNow(
                    request, response.setErrorCode(Errors.INVALID_REGULAR_EXPRESSION.code()));
            return;
        }
        Set<String> wanted = new HashSet<>();
        for (String name : body.stateFilters()) {
            if (STATES.contains(name)) {
                wanted.add(name);
            } else {
                response.unknownStateFilters().add(name);
            }
        }
        if (wanted.isEmpty() && !body.stateFilters().isEmpty()) {
            space.reply(request, response); // only states that do not exist
            return;
        }
        Set<Long> producerIds = new HashSet<>(body.producerIdFilters());
        space.states()
                .forEach(
                        (id, state) -> {
                            boolean isWanted =
                                    (wanted.isEmpty() || wanted.contains(state.status().label()))
                                            && (producerIds.isEmpty()
                                                    || producerIds.contains(state.producerId()))
                                            && lasts(state, body.durationFilter())
                                            && (pattern == null || pattern.matches(id));
                            if (isWanted) {
                                response.transactionStates()
                                        .add(
                                                new ListTransactionsResponseData.TransactionState()
                                                        .setTransactionalId(id)
                                                        .setProducerId(state.producerId())
                                                        .setTransactionState(
                                                                state.status().label()));
                            }
                        });
        space.reply(request, response);
    }

    private boolean lasts(TransactionState state, long longerThanMs) {
        return longerThanMs < 0
                || (state.startMs() >= 0 && space.nowMs() - state.startMs() > longerThanMs);
    }

    private static @Nullable Pattern pattern(@Nullable String text) {
        return text == null || text.isEmpty() ? null : Pattern.compile(text);
    }
}
